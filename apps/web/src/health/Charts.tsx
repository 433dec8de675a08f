import type { HistoryRange } from "@vas/contracts/health.ts";
import { lazy, Suspense, useMemo } from "react";
import { useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { clockTime } from "../ui/format.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Failure, Loading } from "../ui/parts.tsx";
import { type ChartSpec, dataOf, namesOf, rowsOf, shown, wordsOf } from "./series.ts";

const Chart = lazy(() => import("./Chart.tsx"));

const EVERY_MS = 10_000;
const TABLE_ROWS = 60;

/** Charts of one thing over time, each with its words and a table behind it. */
export function Charts(props: { charts: readonly ChartSpec[]; range: HistoryRange }) {
  const { charts, range } = props;
  const { vas } = useSite();
  const names = namesOf(charts);
  const history = useLoad(`${range} ${names.join(",")}`, () => vas.healthHistory(names, range));
  useWhileVisible(history.reload, EVERY_MS);
  const found = useMemo(
    () =>
      history.value === null ? [] : charts.map((spec) => ({ spec, data: dataOf(spec, history.value ?? NOTHING) })),
    // The specs are made anew on every turn; their names say when they differ.
    [history.value, names.join(",")],
  );
  if (history.value === null)
    return history.error ? (
      <Failure error={history.error} retry={history.reload} />
    ) : (
      <Loading what={text.loadingChart} />
    );
  return (
    <div className="charts">
      {found.map(({ spec, data }) => (
        <figure key={spec.id} aria-label={text.chart[spec.id]}>
          <figcaption>
            <b>{text.chart[spec.id]}</b>
            <span className="chart-lines">
              {data.lines.map((line, at) => (
                <span key={line.label} className={`chart-line line-${at + 1}`}>
                  {line.label} <b>{shown(line.values.at(-1) ?? null, spec.unit)}</b>
                </span>
              ))}
            </span>
          </figcaption>
          <p className="visually-hidden">{wordsOf(spec, data)}</p>
          {data.lines.length === 0 ? (
            <p className="quiet chart-empty">{text.noValues}</p>
          ) : (
            <>
              <Suspense fallback={<div className="chart" />}>
                <Chart data={data} unit={spec.unit} range={range} />
              </Suspense>
              <details>
                <summary>{text.asTable}</summary>
                <div className="scroll chart-table">
                  <table>
                    <thead>
                      <tr>
                        <th scope="col">{text.time}</th>
                        {data.lines.map(({ label }) => (
                          <th key={label} scope="col">
                            {label}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {rowsOf(data, TABLE_ROWS).map(({ seconds, values }) => (
                        <tr key={seconds}>
                          <th scope="row">{clockTime(new Date(seconds * 1000))}</th>
                          {values.map((value, at) => (
                            <td key={data.lines[at]?.label ?? at}>{shown(value, spec.unit)}</td>
                          ))}
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </details>
            </>
          )}
        </figure>
      ))}
    </div>
  );
}

const NOTHING = { end: new Date(0).toISOString(), step_ms: 5000, series: [] };
