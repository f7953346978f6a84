/** What is in a network: `node examples/1-inspect.mjs [model.onnx]`. */
import { fileURLToPath } from 'node:url';
import { inspectModel, loadModel, printGraph } from 'dynafix';

const path = process.argv[2] ?? fileURLToPath(new URL('digits/digits.onnx', import.meta.url));
const { macs, parameters, floatIslands } = inspectModel(path);
console.log(`${macs} multiply-accumulates, ${parameters} parameters`);
console.log(`in float whatever the formats: ${floatIslands.map(({ node }) => node).join(', ')}`);
console.log(printGraph(loadModel(path).graph));
