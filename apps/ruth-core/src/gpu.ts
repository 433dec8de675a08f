/** Whether this machine has a GPU that models run on, and what that means for one that asks for it. */
import { readdir } from "node:fs/promises";
import type { ModelYaml } from "@vas/contracts/model.ts";

/** NVIDIA's devices, AMD's compute device, and the GPU of a Windows host under WSL. */
const GPU_DEVICE = /^(nvidia\d+|kfd|dxg)$/;

/** @param devDir `/dev`, but in tests. One that cannot be listed has none. */
export async function hasGpu(devDir: string): Promise<boolean> {
  try {
    return (await readdir(devDir)).some((name) => GPU_DEVICE.test(name));
  } catch {
    return false;
  }
}

/** What to say of a model beside its name; null where there is nothing. The runtime decides by the same two fields. */
export function gpuNotice(needs: ModelYaml["resource_requirements"], isThere: boolean): string | null {
  if (isThere || needs === undefined) return null;
  if (needs.cpu_fallback_allowed === false && needs.gpu_required !== false)
    return "needs a GPU and Ruth Core sees none on this machine; it may not run on the CPU, so every frame is answered with an error";
  if (needs.gpu_required === true) return "asks for a GPU and Ruth Core sees none on this machine; it runs on the CPU";
  return null;
}
