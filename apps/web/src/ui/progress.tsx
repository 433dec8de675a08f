/** How far long work has come; `value` from 0 to 1, null where that is not known. */
export function Progress(props: { label: string; value: number | null; words?: string }) {
  const percent = props.value === null ? null : Math.round(Math.min(1, Math.max(0, props.value)) * 100);
  return (
    <div className="progress-box">
      <div
        className={percent === null ? "progress unknown" : "progress"}
        role="progressbar"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(percent === null ? {} : { "aria-valuenow": percent })}
        {...(props.words === undefined ? {} : { "aria-valuetext": props.words })}
      >
        <div className="progress-bar" style={percent === null ? {} : { width: `${percent}%` }} />
      </div>
      {props.words !== undefined && (
        <small className="quiet" aria-hidden>
          {props.words}
        </small>
      )}
    </div>
  );
}
