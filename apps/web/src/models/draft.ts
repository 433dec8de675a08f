/** Adding a model: which files are sent, and what a person corrects, without a browser. */
import type { ModelDraftSettings, ModelExamination, ModelProblem } from "@vas/contracts/model-drafts.ts";
import { addModelText } from "../strings/add-model.ts";

/** What is asked of a browser's File. */
export type Choice = { name: string; size: number; webkitRelativePath?: string };

/** As VAS takes them; it decides, and this only spares a person the sending. */
const OF_A_MODEL = /^[^.].*\.(onnx|onnx_data|data|bin|weights|ya?ml|txt|names|md)$|^(LICEN[CS]E|NOTICE|README)$/;

/**
 * Of what a person dropped or chose, the files that lie side by side with the network, or with the model.yaml.
 *
 * @returns the files to send, small ones first, and the names of the others
 */
export function chosenFiles<T extends Choice>(all: readonly T[]): { files: T[]; leftOut: string[] } {
  const placed = all.map((file) => ({ file, folder: folderOf(file) }));
  const isHead = ({ file }: { file: T }) => file.name === "model.yaml" || file.name.endsWith(".onnx");
  const depth = (folder: string) => folder.split("/").length;
  const heads = placed.filter(isHead).sort((a, b) => depth(a.folder) - depth(b.folder));
  const home = heads[0]?.folder;
  const files = placed
    .filter(({ file, folder }) => folder === home && OF_A_MODEL.test(file.name))
    .map(({ file }) => file)
    .sort((a, b) => a.size - b.size);
  const leftOut = all.filter((file) => !files.includes(file) && !file.name.startsWith("."));
  return { files, leftOut: leftOut.map(({ name }) => name) };
}

function folderOf(file: Choice): string {
  const path = file.webkitRelativePath ?? "";
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** What a person has typed; texts, for half-typed numbers are texts. */
export type SettingsForm = {
  name: string;
  model_id: string;
  version: string;
  license: string;
  format: string;
  size: string;
  color: string;
  letterbox: boolean;
  confidence_threshold: string;
  nms_iou_threshold: string;
  class_names: string;
};

export function formOf(settings: ModelDraftSettings): SettingsForm {
  return {
    name: settings.name ?? "",
    model_id: settings.model_id ?? "",
    version: settings.version ?? "",
    license: settings.license ?? "",
    format: settings.format ?? "",
    size: settings.size?.join("x") ?? "",
    color: settings.color ?? "rgb",
    letterbox: settings.letterbox ?? false,
    confidence_threshold: String(settings.confidence_threshold ?? ""),
    nms_iou_threshold: String(settings.nms_iou_threshold ?? ""),
    class_names: (settings.class_names ?? []).join("\n"),
  };
}

export type FormErrors = Partial<Record<keyof SettingsForm, string>>;

export function formErrors(form: SettingsForm): FormErrors {
  const errors: FormErrors = {};
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(form.model_id)) errors.model_id = addModelText.idWrong;
  if (form.size !== "" && sizeOf(form.size) === undefined) errors.size = addModelText.inputSizeWrong;
  for (const key of ["confidence_threshold", "nms_iou_threshold"] as const)
    if (fractionOf(form[key]) === undefined) errors[key] = addModelText.fraction;
  return errors;
}

/** What differs from the doctor's own finding; `before` is the form as the doctor filled it. */
export function editedSettings(form: SettingsForm, before: SettingsForm): ModelDraftSettings {
  const changed = (key: keyof SettingsForm) => form[key] !== before[key];
  const settings: ModelDraftSettings = {};
  for (const key of ["name", "version", "license", "format", "model_id"] as const)
    if (changed(key) && form[key].trim() !== "") settings[key] = form[key].trim();
  const size = sizeOf(form.size);
  if (changed("size") && size !== undefined) settings.size = size;
  if (changed("color") && (form.color === "rgb" || form.color === "bgr")) settings.color = form.color;
  if (changed("letterbox")) settings.letterbox = form.letterbox;
  for (const key of ["confidence_threshold", "nms_iou_threshold"] as const) {
    const value = fractionOf(form[key]);
    if (changed(key) && value !== undefined) settings[key] = value;
  }
  if (changed("class_names")) settings.class_names = linesOf(form.class_names);
  return settings;
}

/** What the doctor found anew, in the fields that no person has touched. */
export function refilled(
  old: { form: SettingsForm; before: SettingsForm },
  found: SettingsForm,
): { form: SettingsForm; before: SettingsForm } {
  const untouched = (Object.keys(found) as (keyof SettingsForm)[]).filter((key) => old.form[key] === old.before[key]);
  const anew = Object.fromEntries(untouched.map((key) => [key, found[key]]));
  return { form: { ...old.form, ...anew }, before: { ...old.before, ...anew } };
}

export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function sizeOf(text: string): [number, number] | undefined {
  const [, width, height] = /^\s*(\d{1,4})\s*[x×]\s*(\d{1,4})\s*$/.exec(text) ?? [];
  return width === undefined || height === undefined ? undefined : [Number(width), Number(height)];
}

function fractionOf(text: string): number | undefined {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && value >= 0 && value <= 1 ? value : undefined;
}

export function problemsBy(examination: ModelExamination): { errors: ModelProblem[]; warnings: ModelProblem[] } {
  const { problems } = examination;
  return {
    errors: problems.filter(({ severity }) => severity === "error"),
    warnings: problems.filter(({ severity }) => severity === "warning"),
  };
}

/** One colour for each class, of those that charts have. */
export function colourOf(classId: number): string {
  return `var(--series-${(classId % 6) + 1})`;
}
