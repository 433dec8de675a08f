/** Frames that are torn, gone, elsewhere, or described wrongly. Each is answered with an error. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HEADER, SLOT, slotRecordOffset } from "@vas/contracts/frames.ts";
import type { FrameMetadata } from "@vas/contracts/inference.ts";
import type { Case } from "../case.ts";
import type { Kit } from "../kit.ts";
import { FrameRing } from "../ring.ts";

const group = "frames";
const paths = "paths";

type Breaking = (ring: FrameRing, frame: FrameMetadata) => void;

/** What happens to the files between the frame and the request for it. */
const BROKEN: [name: string, breaking: Breaking][] = [
  ["a frame that is being written over", (ring, frame) => ring.beginWriting(frame.slot)],
  [
    "a frame that was written over",
    (ring) => {
      for (let n = 0; n < 8; n++) ring.write();
    },
  ],
  ["a frame whose files are gone", (ring) => ring.remove()],
  ["a frame of the generation before", (ring) => ring.remake()],
  ["a frame of another resolution before", (ring, frame) => ring.remake(frame.width * 2, frame.height)],
  [
    "a slot that says it holds another frame",
    (ring, frame) => ring.patch(at(frame) + SLOT.frameId, frame.frame_id + 1),
  ],
  ["a slot whose pixels begin elsewhere", (ring, frame) => ring.patch(at(frame) + SLOT.offset, frame.offset + 64)],
];

/** Files that are broken from the start: a new ring, so that nothing of them is mapped yet. */
const UNREADABLE: [name: string, breaking: Breaking][] = [
  ["frame.meta is empty", (ring) => truncateSync(ring.metaPath, 0)],
  ["frame.meta is cut off inside the header", (ring) => truncateSync(ring.metaPath, 40)],
  ["frame.meta has fewer slots than it says", (ring) => truncateSync(ring.metaPath, 128)],
  ["frame.data is empty", (ring) => truncateSync(ring.dataPath, 0)],
  ["frame.data is shorter than the meta says", (ring, frame) => truncateSync(ring.dataPath, frame.data_size + 1)],
  ["another version", (ring) => ring.patch32(HEADER.version, 9)],
  ["another header size", (ring) => ring.patch32(HEADER.headerSize, 4096)],
  ["a pixel format nobody knows", (ring) => ring.patch32(HEADER.pixelFormat, 7)],
  ["four billion slots", (ring) => ring.patch32(HEADER.slotCount, 0xffff_ffff)],
  ["a width of four billion", (ring) => ring.patch32(HEADER.width, 0xffff_fffe)],
  ["no width", (ring) => ring.patch32(HEADER.width, 0)],
  ["a stride less than the width", (ring, frame) => ring.patch32(HEADER.stride, frame.width / 2)],
  ["a frame size beyond the file", (ring) => ring.patch(HEADER.dataSize, 2 ** 40)],
  [
    "a slot whose pixels leave the file",
    (ring, frame) => {
      frame.offset = 2 ** 40;
      ring.patch(at(frame) + SLOT.offset, frame.offset);
    },
  ],
  ["frame.meta is a folder", (ring) => replaceByFolder(ring.metaPath)],
  ["frame.data is a folder", (ring) => replaceByFolder(ring.dataPath)],
  ["frame.data is not there", (ring) => rmSync(ring.dataPath)],
  ["frame.meta is not there", (ring) => rmSync(ring.metaPath)],
  ["frame.data is a symbolic link", (ring) => replaceByLink(ring.dataPath)],
  ["frame.meta is a symbolic link", (ring) => replaceByLink(ring.metaPath)],
];

/** What a request says that the files do not. */
const DESCRIBED: [name: string, change: (frame: FrameMetadata) => void][] = [
  ["another generation", (frame) => (frame.generation += 1)],
  ["another frame_id", (frame) => (frame.frame_id += 100)],
  ["another slot", (frame) => (frame.slot = (frame.slot + 1) % 8)],
  ["a slot that is not there", (frame) => (frame.slot = 8)],
  ["a slot far outside", (frame) => (frame.slot = 2 ** 31)],
  ["a later sequence", (frame) => (frame.sequence += 2)],
  ["an odd sequence", (frame) => (frame.sequence += 1)],
  ["another offset", (frame) => (frame.offset += frame.data_size)],
  ["an offset beyond the file", (frame) => (frame.offset = Number.MAX_SAFE_INTEGER)],
  ["a greater width", (frame) => (frame.width *= 2)],
  ["a greater height", (frame) => (frame.height *= 2)],
  ["another stride", (frame) => (frame.stride *= 2)],
  ["another data_size", (frame) => (frame.data_size *= 2)],
];

/** Folders that are not the camera's own inside VAS_SHM_DIR. */
const ELSEWHERE: [name: string, path: (kit: Kit) => string][] = [
  ["a relative path", (kit) => kit.ring.cameraId],
  ["the folder of all cameras", (kit) => kit.options.shmDir],
  ["a folder inside the camera's", (kit) => `${kit.ring.folder}/frame.meta`],
  ["a path that climbs out", (kit) => `${kit.ring.folder}/../../../etc`],
  ["the root", () => "/"],
  ["another folder of the machine", () => "/etc"],
  ["a path with a zero byte", (kit) => `${kit.ring.folder}\0/..`],
  ["a path of 4096 characters", (kit) => `${kit.options.shmDir}/${"a".repeat(4000)}`.slice(0, 4096)],
  ["a folder that is not there", (kit) => `${kit.options.shmDir}/00000000-0000-4000-8000-000000000000`],
  ["/proc/self/root before the path", (kit) => `/proc/self/root${kit.ring.folder}`],
];

export const FRAMES: Case[] = [
  ...BROKEN.map(
    ([name, breaking]): Case => ({
      group,
      name: `refused: ${name}`,
      async run(kit) {
        using ring = kit.newRing();
        using wire = await kit.connect();
        // A frame before, so that a reader has the files open when they change.
        await kit.serve(wire, kit.request(ring.write(), ring));
        const request = kit.request(ring.write(), ring);
        breaking(ring, request.frame_metadata);
        await kit.refuse(request, wire);
      },
    }),
  ),
  ...UNREADABLE.map(
    ([name, breaking]): Case => ({
      group,
      name: `refused: ${name}`,
      async run(kit) {
        using ring = kit.newRing();
        const request = kit.request(ring.write(), ring);
        breaking(ring, request.frame_metadata);
        await kit.refuse(request);
      },
    }),
  ),
  ...DESCRIBED.map(
    ([name, change]): Case => ({
      group,
      name: `refused: a request that names ${name}`,
      async run(kit) {
        const request = kit.request();
        change(request.frame_metadata);
        await kit.refuse(request);
      },
    }),
  ),
  {
    group,
    name: "after the files were made anew the next frame is served, in the new resolution too",
    async run(kit) {
      using ring = kit.newRing();
      using wire = await kit.connect();
      for (const [width, height] of [
        [kit.options.width, kit.options.height],
        [kit.options.width, kit.options.height],
        [kit.options.width + 64, kit.options.height + 32],
        [320, 240],
      ] as const) {
        ring.remake(width, height);
        await kit.serve(wire, kit.request(ring.write(), ring));
      }
    },
  },
  {
    group,
    name: "a camera that stops and starts again is served again",
    async run(kit) {
      using wire = await kit.connect();
      using ring = kit.newRing();
      const request = kit.request(ring.write(), ring);
      await kit.serve(wire, request);
      const aside = `${ring.folder}.aside`;
      renameSync(ring.folder, aside);
      try {
        await kit.refuse(request, wire);
      } finally {
        renameSync(aside, ring.folder);
      }
      ring.remake();
      await kit.serve(wire, kit.request(ring.write(), ring));
    },
  },
  ...ELSEWHERE.map(
    ([name, path]): Case => ({
      group: paths,
      name: `refused: ${name}`,
      async run(kit) {
        await kit.refuse({ ...kit.request(), frame_reference: path(kit) });
      },
    }),
  ),
  {
    group: paths,
    name: "refused: the folder of another camera",
    async run(kit) {
      using other = kit.newRing();
      await kit.refuse({ ...kit.request(other.write(), other), camera_id: kit.ring.cameraId });
    },
  },
  {
    group: paths,
    name: "refused: a link from the camera's folder to frames elsewhere",
    async run(kit) {
      const outside = mkdtempSync(join(tmpdir(), "conformance-"));
      const { width, height, shmDir } = kit.options;
      using ring = new FrameRing(outside, width, height);
      const link = join(shmDir, ring.cameraId);
      symlinkSync(ring.folder, link);
      try {
        await kit.refuse({ ...kit.request(ring.write(), ring), frame_reference: link });
        await kit.refuse(kit.request(ring.write(), ring));
      } finally {
        rmSync(link);
        ring.remove();
        rmSync(outside, { recursive: true });
      }
    },
  },
];

function at(frame: FrameMetadata): number {
  return slotRecordOffset(frame.slot);
}

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function replaceByLink(path: string): void {
  renameSync(path, `${path}.real`);
  symlinkSync(`${path}.real`, path);
}
