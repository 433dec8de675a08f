/** Reading and writing small binary records: little endian, integers as LEB128 where most are small. */

const FIRST_BYTES = 512;

/** Grows as it is written to. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.#room(2);
    this.#bytes.writeUInt16LE(value, this.length);
    this.length += 2;
  }

  f64(value: number): void {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  /** @param value an integer from 0 to 2^53 - 1 */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    // Above 2^31 bitwise operators would cut the number.
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length++] = rest;
  }

  /** @param value an integer from -2^52 to 2^52 - 1, small ones in few bytes whatever their sign */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.#room(size);
    this.length += this.#bytes.write(value, this.length);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.length);
    this.length += value.length;
  }

  /** What was written; valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #room(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + size));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}

/** Reads what ByteWriter wrote. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws RangeError past the end, as the others do */
  u8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#skip(2));
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#skip(8));
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > Number.MAX_SAFE_INTEGER) throw new RangeError("an integer without end");
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const size = this.varint();
    const start = this.#skip(size);
    return this.#bytes.toString("utf8", start, start + size);
  }

  #skip(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new RangeError("past the end of the record");
    this.#at = at + size;
    return at;
  }
}
