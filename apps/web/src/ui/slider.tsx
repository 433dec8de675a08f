/** A value, or a range, along a line: arrows step, Page Up and Page Down leap, Home and End go to the ends. */
import { Slider as Radix } from "radix-ui";

type Scale = {
  min?: number;
  max?: number;
  step?: number;
  disabled?: boolean;
  /** `0.4` as `40 %`: shown beside it and read out. */
  format?: (value: number) => string;
};

export function Slider(
  props: Scale & {
    label: string;
    value: number;
    onChange: (value: number) => void;
    /** The value where a drag ends, for what is too heavy for every step. */
    onCommit?: (value: number) => void;
    /** Only a screen reader is told the label. */
    hideLabel?: boolean;
  },
) {
  const { min = 0, max = 100, step = 1, format = String } = props;
  return (
    <div className="slider-box">
      {!props.hideLabel && (
        <span className="row">
          <span aria-hidden>{props.label}</span>
          <span className="spring" />
          <output className="quiet number">{format(props.value)}</output>
        </span>
      )}
      <Radix.Root
        className="slider"
        min={min}
        max={max}
        step={step}
        disabled={props.disabled ?? false}
        value={[props.value]}
        onValueChange={([value = min]) => props.onChange(value)}
        onValueCommit={([value = min]) => props.onCommit?.(value)}
      >
        <Radix.Track className="slider-track">
          <Radix.Range className="slider-range" />
        </Radix.Track>
        <Radix.Thumb className="slider-thumb" aria-label={props.label} aria-valuetext={format(props.value)} />
      </Radix.Root>
    </div>
  );
}

/** Two ends of one range; neither passes the other. */
export function RangeSlider(
  props: Scale & {
    fromLabel: string;
    toLabel: string;
    value: readonly [number, number];
    onChange: (value: [number, number]) => void;
  },
) {
  const { min = 0, max = 100, step = 1, format = String } = props;
  const [from, to] = props.value;
  return (
    <Radix.Root
      className="slider"
      min={min}
      max={max}
      step={step}
      disabled={props.disabled ?? false}
      value={[from, to]}
      onValueChange={([low = min, high = max]) => props.onChange([low, high])}
    >
      <Radix.Track className="slider-track">
        <Radix.Range className="slider-range" />
      </Radix.Track>
      <Radix.Thumb className="slider-thumb" aria-label={props.fromLabel} aria-valuetext={format(from)} />
      <Radix.Thumb className="slider-thumb" aria-label={props.toLabel} aria-valuetext={format(to)} />
    </Radix.Root>
  );
}
