/** Constants that a patch adds. */
import type { RewriteContext } from '../graph/rewrite.js';
import type { Tensor } from '../graph/tensor.js';

/** `define` adds a constant under a name like the one given and returns that name; `constants` holds all of them. */
export function newConstants(context: RewriteContext) {
  const constants: Record<string, Tensor> = {};
  const define = (name: string, tensor: Tensor): string => {
    const fresh = context.freshName(name);
    constants[fresh] = tensor;
    return fresh;
  };
  return { constants, define };
}

/** Name for a parameter made from the one named, however often. */
export function derivedName(name: string): string {
  return name.replace(/\/folded(\/\d+)?$/, '').concat('/folded');
}
