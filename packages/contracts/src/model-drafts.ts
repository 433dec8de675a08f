/**
 * W3, `/api/v1/ai-model-drafts`: files of a model that an administrator has put into the browser and that are no model yet,
 * and what the model doctor says of them. The doctor is a process that VAS starts for each question: it reads one
 * `DoctorQuestion` as JSON from its standard input and writes one answer to its standard output.
 */
import { type Static, Type } from "typebox";
import { Detection } from "./inference.ts";
import { IsoTime, ModelId, Nullable, Uuid } from "./schema.ts";

const closed = { additionalProperties: false };

export const MAX_DRAFTS = 4;
export const MAX_DRAFT_FILES = 16;
export const MAX_DRAFT_FILE_BYTES = 1024 * 1024 * 1024;
/** A draft that nobody touches is removed after this long. */
export const DRAFT_LIFE_MS = 3_600_000;

/** Weights, class names and texts. Code is none of them: who adds a model from the web must not get a program run. */
export const DRAFT_FILE =
  /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9 _.()-]{0,119}\.(onnx|onnx_data|onnx\.data|data|bin|weights|yaml|yml|txt|names|md)$|^(LICEN[CS]E|NOTICE|README)$/;

export const ModelDraftFile = Type.Object({ name: Type.String(), size_bytes: Type.Integer() });
export const ModelDraft = Type.Object({
  id: Uuid,
  files: Type.Array(ModelDraftFile),
  created_at: IsoTime,
  /** When it is removed if nothing is done with it. */
  expires_at: IsoTime,
});
export type ModelDraft = Static<typeof ModelDraft>;
export const ModelDraftList = Type.Object({
  items: Type.Array(ModelDraft),
  /** Why a draft cannot become a model on this site, and the remedy; null where it can. */
  cannot_add: Nullable(Type.String()),
  max_file_bytes: Type.Integer(),
  max_files: Type.Integer(),
});
export type ModelDraftList = Static<typeof ModelDraftList>;
export const ModelDraftParams = Type.Object({ id: Uuid }, closed);
export const ModelDraftFileParams = Type.Object({ id: Uuid, name: Type.String({ maxLength: 256 }) }, closed);

const Name = Type.String({ minLength: 1, maxLength: 128 });
const Side = Type.Integer({ minimum: 1, maximum: 8192 });
const Fraction = Type.Number({ minimum: 0, maximum: 1 });

/** What a person corrects in the model.yaml that the doctor writes; what is absent is the doctor's own finding. */
export const ModelDraftSettings = Type.Object(
  {
    model_id: Type.Optional(ModelId),
    name: Type.Optional(Name),
    version: Type.Optional(Name),
    license: Type.Optional(Name),
    /** `output_schema.format`, where the outputs fit several families. */
    format: Type.Optional(Type.String({ maxLength: 32 })),
    /** Width and height, where the network leaves its input's size open. */
    size: Type.Optional(Type.Tuple([Side, Side])),
    color: Type.Optional(Type.Union([Type.Literal("rgb"), Type.Literal("bgr")])),
    letterbox: Type.Optional(Type.Boolean()),
    class_names: Type.Optional(Type.Array(Name, { maxItems: 2000 })),
    confidence_threshold: Type.Optional(Fraction),
    nms_iou_threshold: Type.Optional(Fraction),
  },
  closed,
);
export type ModelDraftSettings = Static<typeof ModelDraftSettings>;

export const ModelProblem = Type.Object({
  /** The tensor, or the file and its line. */
  where: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
  /** With an error the model cannot be added; a warning is worth reading. */
  severity: Type.Union([Type.Literal("error"), Type.Literal("warning")]),
});
export type ModelProblem = Static<typeof ModelProblem>;

/** The doctor's explanation of a draft. */
export const ModelExamination = Type.Object({
  /** The network's file; null where there is none to examine. */
  weights: Nullable(
    Type.Object({
      name: Type.String(),
      size_bytes: Type.Integer(),
      sha256: Type.String(),
      producer: Type.String(),
      opset: Nullable(Type.Integer()),
      /** Name, type and shape of each. */
      inputs: Type.Array(Type.String()),
      outputs: Type.Array(Type.String()),
    }),
  ),
  format: Nullable(Type.String()),
  /** What `format` can be. */
  formats: Type.Array(Type.String()),
  task: Type.String(),
  classes: Nullable(Type.Integer()),
  /** What follows from the network, each with its reason. */
  reasons: Type.Array(Type.String()),
  /** What the network cannot say. */
  assumed: Type.Array(Type.String()),
  problems: Type.Array(ModelProblem),
  /** The settings as they are in `model_yaml`. */
  settings: ModelDraftSettings,
  model_yaml: Nullable(Type.String()),
  /** `author`: it came with the files, and settings change nothing. */
  model_yaml_by: Type.Union([Type.Literal("author"), Type.Literal("doctor")]),
});
export type ModelExamination = Static<typeof ModelExamination>;

export const ModelTrialRequest = Type.Object({ camera_id: Uuid, settings: Type.Optional(ModelDraftSettings) }, closed);
export type ModelTrialRequest = Static<typeof ModelTrialRequest>;
/** What the model finds in the camera's newest picture, which `ai-model-drafts/{id}/picture` gives. */
export const ModelTrial = Type.Object({
  detections: Type.Array(Detection),
  /** Milliseconds of the first run, with the conversion. */
  took_ms: Type.Number(),
  width: Type.Integer(),
  height: Type.Integer(),
  /** When the picture was taken. */
  picture_at: IsoTime,
});
export type ModelTrial = Static<typeof ModelTrial>;
export const ModelAdded = Type.Object({ model_id: ModelId, folder: Type.String() });
export type ModelAdded = Static<typeof ModelAdded>;

/** What VAS asks the doctor. Paths are absolute. */
export const DoctorQuestion = Type.Object({
  ask: Type.Union([Type.Literal("examine"), Type.Literal("try")]),
  folder: Type.String(),
  settings: ModelDraftSettings,
  /** A JPEG picture, for `try`. */
  picture: Type.Optional(Type.String()),
});
export type DoctorQuestion = Static<typeof DoctorQuestion>;
export const DoctorTrial = Type.Object({
  detections: Type.Array(Detection, { maxItems: 1000 }),
  took_ms: Type.Number(),
  width: Type.Integer(),
  height: Type.Integer(),
});
/** `failed`: a sentence that says why there is no answer. */
export const DoctorAnswer = Type.Union([
  Type.Object({ examination: ModelExamination }),
  Type.Object({ trial: DoctorTrial }),
  Type.Object({ failed: ModelProblem }),
]);
export type DoctorAnswer = Static<typeof DoctorAnswer>;
