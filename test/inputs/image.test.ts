import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '#src/errors.js';
import { decodeImage } from '#src/inputs/image.js';

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

/** Written by Pillow 12.3 from the pixels that the tests expect. */
const files = {
  rgb: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGElEQVR4nGP4z8DAAMFcInL///9nYGAAAD2kBje+XFOFAAAAAElFTkSuQmCC',
  rgba: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAH0lEQVR4nAXBsQEAEADAsGAzm93q80oEeZR97qgm1gdqUQe84zAzYwAAAABJRU5ErkJggg==',
  palette:
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACBAMAAABvWnspAAAAElBMVEX///8A/wAKFB7/AAAAAP8AAAABIcwCAAAADklEQVR4nGM05Gd6LwAAAzEBQ9wKlosAAAAASUVORK5CYII=',
  grayAlpha:
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAQAAACx6dw/AAAAD0lEQVR4nGNg4EoROSEHAAOzAWmg55SYAAAAAElFTkSuQmCC',
  bits: 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAACAQAAAABJGnB9AAAADklEQVR4nGOMVGdSPwAAA3kBa7HFE9sAAAAASUVORK5CYII=',
  gray16:
    'iVBORw0KGgoAAAANSUhEUgAAAAYAAAABEAAAAACIMlxvAAAAFUlEQVR4nGNkYGBoYGBkZGBg/FcLAAcjAgD25egrAAAAAElFTkSuQmCC',
  /** 16x16 of (200, 100, 50), chroma at half resolution. */
  jpeg: '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAACP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AJ4Armw//9k=',
  /** 17x9 of (200, 100, 50). */
  jpegProgressive:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wgARCAAJABEDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAVAQEBAAAAAAAAAAAAAAAAAAAAB//aAAwDAQACEAMQAAABnErtgH//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAEFAl//xAAUEQEAAAAAAAAAAAAAAAAAAAAQ/9oACAEDAQE/AT//xAAUEQEAAAAAAAAAAAAAAAAAAAAQ/9oACAECAQE/AT//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAY/Al//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAE/IV//2gAMAwEAAgADAAAAEAAP/8QAFBEBAAAAAAAAAAAAAAAAAAAAEP/aAAgBAwEBPxA//8QAFBEBAAAAAAAAAAAAAAAAAAAAEP/aAAgBAgEBPxA//8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPxBf/9k=',
  /** 8x8 of (200, 100, 50), stored as RGB. */
  jpegRgb:
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/8AAEQgACAAIA1IRAEcRAEIRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAkH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAwDUgBHAEIAAD8ASBDxjv/Z',
  /** 5x3 of 77. */
  jpegGray:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAADAAUBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AGb//2Q==',
  /** 8x8 of full magenta and yellow: red. */
  jpegCmyk:
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAkK/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwB/E/6f8/j/2Q==',
};
const decode = (name: keyof typeof files) => decodeImage(fromBase64(files[name]), name);
const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 255, 255, 255, 0, 0, 0];

describe('PNG', () => {
  test('RGB, RGBA, palette', () => {
    expect(decode('rgb')).toEqual({ width: 3, height: 2, channels: 3, data: Uint8Array.from(colours) });
    expect(decode('palette').data).toEqual(Uint8Array.from(colours));
    const { channels, data } = decode('rgba');
    expect(channels).toBe(4);
    expect([...data.filter((_, i) => i % 4 === 3)]).toEqual([0, 128, 255, 1, 2, 3]);
    expect([...data.filter((_, i) => i % 4 !== 3)]).toEqual(colours);
  });

  test('one bit, 16 bits, gray with alpha', () => {
    const bits = [0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(decode('bits')).toMatchObject({ width: 10, height: 2, channels: 1 });
    expect([...decode('bits').data]).toEqual(bits.map((bit) => bit * 255));
    // 0, 128, 129, 385, 386, 65535 divided by 257: 0, 0.498, 0.502, 1.498, 1.502, 255
    expect([...decode('gray16').data]).toEqual([0, 0, 1, 1, 2, 255]);
    expect([...decode('grayAlpha').data]).toEqual([0, 0, 0, 10, 100, 100, 100, 20, 200, 200, 200, 30]);
  });
});

describe('JPEG', () => {
  const near = (name: keyof typeof files, width: number, height: number, colour: number[]) => {
    const image = decode(name);
    expect(image).toMatchObject({ width, height, channels: 3 });
    expect(image.data.length).toBe(width * height * 3);
    image.data.forEach((value, i) => {
      expect(Math.abs(value - colour[i % 3])).toBeLessThanOrEqual(3);
    });
  };

  test('baseline, progressive, gray, RGB and CMYK', () => {
    near('jpeg', 16, 16, [200, 100, 50]);
    near('jpegProgressive', 17, 9, [200, 100, 50]);
    near('jpegRgb', 8, 8, [200, 100, 50]);
    near('jpegGray', 5, 3, [77, 77, 77]);
    near('jpegCmyk', 8, 8, [255, 0, 0]);
  });
});

const refusal = (bytes: Uint8Array) => {
  try {
    decodeImage(bytes, 'x');
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  return undefined;
};

test('a file that is cut off anywhere is refused', () => {
  for (const [name, text] of Object.entries(files)) {
    const bytes = fromBase64(text);
    for (let length = 0; length < bytes.length; length++)
      expect(refusal(bytes.subarray(0, length)), `${name} cut to ${length}`).toMatch(/^x: /);
  }
});

test('a declared size that the file cannot back is refused before it is allocated', () => {
  const png = fromBase64(files.rgb);
  new DataView(png.buffer).setUint32(16, 9000);
  new DataView(png.buffer).setUint32(20, 9000);
  expect(refusal(png)).toMatch(/does not fill 9000x9000 pixels/);
  new DataView(png.buffer).setUint32(16, 0xffffffff);
  expect(refusal(png)).toMatch(/more than 100000000 pixels/);
  const jpeg = fromBase64(files.jpegGray);
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  new DataView(jpeg.buffer).setUint16(frame + 5, 9000);
  new DataView(jpeg.buffer).setUint16(frame + 7, 9000);
  expect(refusal(jpeg)).toMatch(/limit exceeded/);
});

test('damage is an error of ours or goes unnoticed, never anything else', () => {
  const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(files)),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (text, changes) => {
        const damaged = fromBase64(text);
        for (const { at, value } of changes) damaged[at % damaged.length] = value;
        refusal(damaged);
      },
    ),
    { numRuns: 2000 },
  );
});
