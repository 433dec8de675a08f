/** One uPlot chart with the page's colours. Loaded only where charts are shown. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useDark } from "../ui/theme.ts";
import { type ChartData, shown, type Unit } from "./series.ts";

const HEIGHT = 150;
const COLOURS = 6;

type Props = { data: ChartData; unit: Unit; range: "hour" | "day" };

export default function Chart(props: Props) {
  const { data, unit, range } = props;
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | null>(null);
  const dark = useDark();
  const labels = data.lines.map(({ label }) => label).join("\n");
  const latest = useRef(data);
  latest.current = data;

  // Colours are read when the chart is made, so another theme makes another chart.
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const token = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const axis = {
      stroke: token("--quiet"),
      grid: { stroke: token("--line"), width: 1 },
      ticks: { stroke: token("--line"), width: 1 },
      font: `11px ${getComputedStyle(element).fontFamily}`,
    };
    const plot = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
        axes: [
          { ...axis, values: (_plot, seconds) => seconds.map((at) => clock(at)) },
          {
            ...axis,
            size: unit === "bytes" ? 64 : 46,
            values: (_plot, values) => values.map((one) => shown(one, unit)),
          },
        ],
        series: [
          {},
          ...latest.current.lines.map(({ label }, at) => ({
            label,
            stroke: token(`--series-${(at % COLOURS) + 1}`),
            width: 1.5,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      tableOf(latest.current),
      element,
    );
    made.current = plot;
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      made.current = null;
    };
  }, [dark, labels, unit, range]);

  useEffect(() => made.current?.setData(tableOf(data)), [data]);
  return <div ref={place} className="chart" aria-hidden="true" />;
}

function tableOf(data: ChartData): uPlot.AlignedData {
  return [data.seconds, ...data.lines.map(({ values }) => values)];
}

function clock(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}
