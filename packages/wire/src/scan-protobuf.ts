import type { TargetSet } from './target-set.ts';

/** Field numbers of `event.proto`. */
export const FROM = 6;
export const TO = 7;

/**
 * The candidate test for Protobuf: whether any `from` or `to` of the message is a target. Fields are skipped by wire
 * type, groups walked as if they were not there. A fault ends the walk: what was hit before it counts, what would come
 * after it no decoder can read either. Allocates nothing.
 */
export const mayNameTargetProtobuf = (bytes: Buffer, start: number, end: number, targets: TargetSet): boolean => {
  let p = start | 0;
  while (p < end) {
    let tag = bytes[p++]!;
    if (tag >= 0x80) {
      tag &= 0x7f;
      let shift = 7;
      for (;;) {
        if (p >= end || shift > 63) return false;
        const c = bytes[p++]!;
        if (shift < 32) tag |= (c & 0x7f) << shift;
        if (c < 0x80) break;
        shift += 7;
      }
    }
    switch (tag & 7) {
      case 0:
        for (let n = 0; ; n++) {
          if (p >= end || n > 9) return false;
          if (bytes[p++]! < 0x80) break;
        }
        break;
      case 1:
        p += 8;
        break;
      case 2: {
        let length = bytes[p++]!;
        if (p > end) return false;
        if (length >= 0x80) {
          length &= 0x7f;
          let shift = 7;
          for (;;) {
            if (p >= end || shift > 63) return false;
            const c = bytes[p++]!;
            if (shift < 32) length |= (c & 0x7f) << shift;
            if (c < 0x80) break;
            shift += 7;
          }
        }
        const to = p + (length >>> 0);
        if (to > end) return false;
        const field = tag >>> 3;
        if ((field === FROM || field === TO) && targets.hasBytes(bytes, p, to)) return true;
        p = to;
        break;
      }
      case 3:
      case 4:
        break;
      case 5:
        p += 4;
        break;
      default:
        return false;
    }
  }
  return false;
};
