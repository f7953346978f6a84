/** Runs the conformance suite, which is TypeScript that the tests share: `npm run conformance`. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const { module } = await runnerImport('/test/conformance/main.ts', {
  root,
  configFile: false,
  logLevel: 'error',
});
process.exitCode = module.runConformance(process.argv.slice(2));
