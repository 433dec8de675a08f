/** What the doctor says of a network, with its reasons. */
import type { ModelExamination, ModelProblem } from "@vas/contracts/model-drafts.ts";
import { addModelText } from "../strings/add-model.ts";
import { bytes } from "../ui/format.ts";
import { Facts } from "../ui/parts.tsx";
import { problemsBy } from "./draft.ts";

export function Explanation(props: { examination: ModelExamination }) {
  const { examination } = props;
  const { weights, format, task, classes, reasons, assumed } = examination;
  const { errors, warnings } = problemsBy(examination);
  return (
    <section className="panel stack" aria-label={addModelText.whatItIs}>
      <h2>{addModelText.whatItIs}</h2>
      <p className="verdict">
        {format === null ? addModelText.unknownFamily : addModelText.sentence(format, task, classes)}
      </p>
      <Problems title={addModelText.problems} tone="bad" problems={errors} />
      <Problems title={addModelText.warnings} tone="warn" problems={warnings} />
      <Words title={addModelText.because} words={reasons} />
      <Words title={addModelText.assumed} words={assumed} />
      {weights && (
        <details>
          <summary>{addModelText.tensors}</summary>
          <Facts
            facts={[
              { name: addModelText.file, value: weights.name },
              { name: addModelText.size, value: bytes(weights.size_bytes) },
              {
                name: addModelText.exporter,
                value: [weights.producer, weights.opset === null ? "" : addModelText.opset(weights.opset)]
                  .filter((part) => part !== "")
                  .join(", "),
              },
              { name: addModelText.inputs, value: <Tensors list={weights.inputs} /> },
              { name: addModelText.outputs, value: <Tensors list={weights.outputs} /> },
              { name: addModelText.hash, value: <code className="hash">{weights.sha256}</code> },
            ]}
          />
        </details>
      )}
    </section>
  );
}

function Tensors(props: { list: string[] }) {
  return (
    <ul>
      {props.list.map((text) => (
        <li key={text}>
          <code>{text}</code>
        </li>
      ))}
    </ul>
  );
}

function Words(props: { title: string; words: string[] }) {
  if (props.words.length === 0) return null;
  return (
    <div>
      <h3>{props.title}</h3>
      <ul className="reasons">
        {props.words.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

function Problems(props: { title: string; tone: "bad" | "warn"; problems: ModelProblem[] }) {
  if (props.problems.length === 0) return null;
  return (
    <div className={`notice ${props.tone}`} role={props.tone === "bad" ? "alert" : undefined}>
      <div>
        <h3>{props.title}</h3>
        <ul className="reasons">
          {props.problems.map(({ where, message, remedy }) => (
            <li key={`${where} ${message}`}>
              <strong>{where}</strong>: {message}. {addModelText.remedy(remedy)}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
