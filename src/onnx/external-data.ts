/** Tensor data in files beside the model. */
import { ModelError } from '../errors.js';
import { readBeside } from '../platform/read-beside.js';
import type { onnx } from './onnx.proto.js';

/** Reads the `length` bytes that a tensor's external_data entries point to. */
export type ExternalData = (
  entries: readonly onnx.IStringStringEntryProto[],
  length: number,
  where: string,
) => Uint8Array;

/** External data beside the model file, shown to `onRead`; without a file every use of it is a ModelError. */
export function externalDataBeside(
  file: string | undefined,
  onRead: (bytes: Uint8Array) => void = () => {},
): ExternalData {
  return (entries, length, where) => {
    const value = new Map(entries.map((entry) => [entry.key, entry.value ?? '']));
    const location = value.get('location');
    if (!location) throw new ModelError({ where, what: 'has external data without a location' });
    const count = (key: string, otherwise: number) => {
      const text = value.get(key);
      if (text === undefined) return otherwise;
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isSafeInteger(number)) return number;
      const what = `has external data with a bad ${key}`;
      throw new ModelError({ where, what, expected: 'a number of bytes', got: JSON.stringify(text) });
    };
    const offset = count('offset', 0);
    const declared = count('length', length);
    if (declared !== length) {
      const what = 'has external data that does not match its shape';
      throw new ModelError({ where, what, expected: `${length} bytes`, got: `${declared}` });
    }
    if (file === undefined) {
      const what = `has its data in ${JSON.stringify(location)}`;
      throw new ModelError({
        where,
        what,
        expected: 'a model read from a file, or one without external data',
      });
    }
    const bytes = readBeside(file, location, offset, length);
    onRead(bytes);
    return bytes;
  };
}
