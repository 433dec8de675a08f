/**
 * Which addresses a camera may have. Private networks are where cameras live; loopback, link-local, multicast and
 * unspecified addresses are where VAS's own machine and the cloud's metadata live.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { CodedError } from "@vas/contracts/errors.ts";

const refused = new BlockList();
refused.addSubnet("0.0.0.0", 8, "ipv4");
refused.addSubnet("127.0.0.0", 8, "ipv4");
refused.addSubnet("169.254.0.0", 16, "ipv4");
refused.addSubnet("224.0.0.0", 3, "ipv4");
refused.addAddress("::", "ipv6");
refused.addAddress("::1", "ipv6");
refused.addSubnet("fe80::", 10, "ipv6");
refused.addSubnet("ff00::", 8, "ipv6");
refused.addAddress("fd00:ec2::254", "ipv6");

/** True where a camera may not have this address. IPv4 inside IPv6 counts as what it is inside. */
export function isRefusedAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  return refused.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}

/**
 * Parses a camera address and checks each IP address that its host has.
 *
 * @throws CodedError camera_address_refused, probe_unresolved
 */
export async function checkCameraAddress(url: string, allowLoopback: boolean): Promise<void> {
  const host = parseCameraUrl(url).hostname.replace(/^\[|\]$/g, "");
  if (allowLoopback) return;
  const addresses = await lookup(host, { all: true }).catch(() => {
    throw new CodedError("probe_unresolved", `The host name "${host}" is not known.`);
  });
  for (const { address } of addresses)
    if (isRefusedAddress(address))
      throw new CodedError(
        "camera_address_refused",
        `The address ${address} belongs to this machine or its link, not to a camera. Set VAS_ALLOW_LOOPBACK_CAMERAS=true to allow it.`,
      );
}

/** @throws CodedError camera_address_refused for anything but a clean rtsp or rtsps URL */
export function parseCameraUrl(url: string): URL {
  // Whatever could end a line or an argument in the script that FFmpeg reads is refused, not escaped.
  if (/[\s\p{Cc}'"\\`<>^{|}]/u.test(url))
    throw new CodedError("camera_address_refused", "The address has a character that no RTSP address has.");
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new CodedError("camera_address_refused", "The address is not a URL such as rtsp://192.168.1.20/stream1.");
  }
  if (parsed.protocol !== "rtsp:" && parsed.protocol !== "rtsps:")
    throw new CodedError(
      "camera_address_refused",
      `Only rtsp and rtsps are possible, not ${parsed.protocol.replace(":", "")}.`,
    );
  if (parsed.hostname === "") throw new CodedError("camera_address_refused", "The address has no host.");
  return parsed;
}
