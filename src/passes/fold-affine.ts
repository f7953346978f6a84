/** Folds BatchNormalization and constant scales and offsets per channel into the Conv or Gemm before them. */
import type { Rule } from '../graph/rewrite.js';
import { foldAffineAfter, isLinear, readBatchNormalization, readElementwise } from './linear.js';

export const foldAffine: Rule = (node, context) => {
  const affine = readBatchNormalization(node, context) ?? readElementwise(node, context);
  if (affine === undefined) return undefined;
  const linear = context.soleProducer(affine.input);
  if (linear === undefined || !isLinear(linear, context)) return undefined;
  return foldAffineAfter(node, linear, affine, context);
};
