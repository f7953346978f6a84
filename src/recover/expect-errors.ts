/**
 * Analytic bias correction: what rounding the weights does to the mean output of each channel follows from the mean of each input
 * channel, and is taken out of the bias (Nagel et al. 2019, data-free quantisation, section 4.2, with means that calibration has
 * summed). No sample runs. Padding counts like the rest of the input, and what reaches the layer in fixed point like float.
 */
import { channelMeans, type Statistics } from '../calibrate/statistics.js';
import { compileProgram } from '../compile/compile.js';
import type { ModelFormats } from '../compile/model-formats.js';
import type { Codes } from '../formats/format.js';
import type { Graph } from '../graph/graph.js';
import { channelsFirst, findProduct, isIntegerProduct, realWeights } from './product-constants.js';
import { biasOf, firstChannel, isProduct, usesOfConstants, weightsOf } from './products.js';
import { limitBias } from './refine-weights.js';

/** The graph with biases that make up for the rounding of weights under `formats`. */
export function correctExpectedErrors(graph: Graph, formats: ModelFormats, statistics: Statistics): Graph {
  const program = compileProgram(graph, formats);
  const uses = usesOfConstants(graph);
  const constants = new Map(graph.constants);
  for (const node of graph.nodes.filter((entry) => isProduct(graph, entry, uses))) {
    const instruction = program.instructions[findProduct(program, node)];
    const bias = biasOf(graph, node);
    const seen = statistics.tensors.get(node.inputs[0]);
    if (bias === undefined || seen === undefined || !isIntegerProduct(program, instruction)) continue;
    const weights = weightsOf(graph, node);
    const { data, outputs, depth, inner } = weights;
    const stored = program.tensors[instruction.inputs[1]];
    const rounded = channelsFirst(realWeights(stored.data as Codes, stored.format!, outputs), weights);
    const means = channelMeans(seen);
    const corrected = bias.map((value, output) => {
      const first = firstChannel(weights, output);
      let missing = 0;
      for (let entry = output * depth * inner; entry < (output + 1) * depth * inner; entry++) {
        const channel = first + (Math.floor(entry / inner) % depth);
        missing += (data[entry] - rounded[entry]) * means[channel];
      }
      return value + missing;
    });
    const name = node.inputs[2];
    constants.set(name, {
      ...constants.get(name)!,
      data: limitBias(corrected, program, instruction.inputs[2]),
    });
  }
  return { ...graph, constants };
}
