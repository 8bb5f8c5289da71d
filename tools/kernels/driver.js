// Keeps one Node alive and runs the session's steps in it. The protocol is that of sandbox.h.
//
// The inspector's Runtime.evaluate in REPL mode lets `let`, `const` and `class` persist and be
// declared again, and gives top-level await; vm's breakOnSigint around it ends endless loops.
// Both need no further package and work from Node 18 on. `import` is not understood there:
// rewriteImports() turns it into a call that resolves from the working folder.
'use strict';
// A step may put anything in the places of globals and of functions of modules: those that are
// needed between steps are taken here.
const { Buffer } = require('buffer');
const { closeSync, fstatSync, openSync, writeSync } = require('fs');
const inspector = require('inspector');
const Module = require('module');
const net = require('net');
const path = require('path');
const process = require('process');
const { Writable } = require('stream');
const { setImmediate, setTimeout } = require('timers');
const { inspect, types: { isNativeError, isPromise } } = require('util');
const vm = require('vm');
const { alloc, concat, from } = Buffer;
const { stringify } = JSON;
const exit = process.exit.bind(process);
const exitNow = process.reallyExit.bind(process);

const CODE_FD = 200;
const STATUS_FD = 201;
const CWD_MAX = 4096; // bytes of a record
const HANDLE = '__sunaba';

let codeFd = CODE_FD;
let statusFd = STATUS_FD;
let count = 0;
let current = null; // the step that runs: {failed, ended}
let passing = null; // the step whose value is being handed over
let handleId;
const session = new inspector.Session();
const post = session.post.bind(session);
const workingFolder = process.cwd.bind(process);
const spare = {}; // copies of standard output and error

function copyOf(fd, flags) {
  try {
    return openSync(`/proc/self/fd/${fd}`, flags);
  } catch {
    return -1; // not a pipe
  }
}

// Reopened, because Node cannot mark a descriptor close-on-exec but opens all of its own so.
function reopen(fd, flags) {
  const copy = copyOf(fd, flags);
  if (copy < 0)
    return fd;
  closeSync(fd);
  return copy;
}

// What a step closed is open again for the next one: the lowest free descriptor is the one.
function mend() {
  for (const fd of [1, 2]) {
    try {
      fstatSync(fd);
    } catch {
      const got = copyOf(spare[fd], 'a');
      if (got >= 0 && got !== fd)
        closeSync(got);
    }
  }
}

// The step broke the driver itself. An end that is told is better than a silence.
function giveUp(error) {
  try {
    writeSync(2, `the step changed what the interpreter is driven by: ${error}\n`);
  } finally {
    exitNow(1);
  }
}

function cwd() {
  try {
    return from(workingFolder()).subarray(0, CWD_MAX);
  } catch {
    return alloc(0); // the folder is gone
  }
}

function say(record) {
  let bytes = concat([record, alloc(1)]);
  while (bytes.length > 0)
    bytes = bytes.subarray(writeSync(statusFd, bytes));
}

function finish(step, status) {
  if (step.ended)
    return;
  step.ended = true;
  // A rejection nobody handles shows once the microtasks are done.
  setImmediate(() => {
    try {
      post('Runtime.releaseObjectGroup', { objectGroup: 'step' });
      current = null;
      mend();
      say(concat([from(`D${step.token} ${status || (step.failed ? 1 : 0)}\t`), cwd()]));
      next();
    } catch (error) {
      giveUp(error);
    }
  });
}

function isOurs(line) {
  return /^\s+at /.test(line) && (/\(?node:/.test(line) || line.includes(__filename));
}

function describe(error) {
  let text;
  try {
    text = inspect(error);
  } catch {
    text = 'an exception that cannot be shown';
  }
  if (!isNativeError(error))
    return `Uncaught ${text}\n`;
  const kept = [];
  for (const line of text.split('\n')) {
    if (!isOurs(line))
      kept.push(line);
    else if (line.endsWith(' {'))
      kept[kept.length - 1] += ' {'; // the error's own properties follow
  }
  return kept.join('\n') + '\n';
}

// All of it, also through a pipe that some child has made non-blocking.
function writeAll(fd, chunk, encoding) {
  let bytes = typeof chunk === 'string' ? from(chunk, encoding) : chunk;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if (error.code !== 'EAGAIN')
        throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // ms
    }
  }
}

// Standard output without a state: SIGINT may stop any write in its middle, and Node's own
// stream would then hold back all that follows.
class Output extends Writable {
  constructor(fd) {
    super();
    this.fd = fd;
  }

  write(chunk, encoding, done) {
    const callback = typeof encoding === 'function' ? encoding : done;
    writeAll(this.fd, chunk, typeof encoding === 'string' ? encoding : undefined);
    if (callback)
      process.nextTick(callback);
    return true;
  }

  end(chunk, encoding) {
    if (chunk !== undefined && typeof chunk !== 'function')
      this.write(chunk, encoding);
    return this;
  }
}

function complain(text) {
  try {
    writeAll(2, text);
  } catch {
    // the step closed its standard error
  }
}

// A syntax error's place stands beside the exception, not in it.
function complainSyntax(step, error, details) {
  const lines = step.source.split('\n');
  const over = details.lineNumber >= lines.length; // in a line of ours: the end of theirs
  const number = over ? lines.length - 1 : details.lineNumber;
  const line = lines[number].slice(0, 200);
  const place = `${step.name}:${number + 1}\n${line}\n`;
  const mark = ' '.repeat(over ? line.length : Math.min(details.columnNumber, 200)) + '^\n';
  complain(`${place}${mark}${error.name}: ${error.message}\n`);
}

// What setTimeout and its like give back: of no use to the reader.
const immediate = setImmediate(() => {});
const TIMERS = [setTimeout(() => {}).constructor, immediate.constructor];

// What the inspector hands over by callFunctionOn, as a value of ours.
const handle = {
  value(value) {
    const step = passing;
    if (!isPromise(value))
      return handle.show(step, value);
    value.then((settled) => handle.show(step, settled), (error) => handle.thrown(step, error));
  },
  show(step, value) {
    if (step.ended)
      return;
    try {
      if (value !== undefined && !TIMERS.includes(value?.constructor))
        writeAll(1, inspect(value) + '\n');
      finish(step, 0);
    } catch (error) {
      handle.thrown(step, error);
    }
  },
  thrown(step, error) {
    if (step.ended)
      return;
    const details = step.details;
    if (details && isNativeError(error) && error.name === 'SyntaxError' &&
        !details.stackTrace && details.lineNumber !== undefined)
      complainSyntax(step, error, details);
    else
      complain(describe(error));
    finish(step, 1);
  },
  error(error) {
    handle.thrown(passing, error);
  },
};

function pass(step, method, remote) {
  passing = step;
  const { objectId, value, unserializableValue } = remote;
  const argument = objectId ? { objectId }
    : unserializableValue ? { unserializableValue } : { value };
  post('Runtime.callFunctionOn', {
    objectId: handleId, arguments: [argument], silent: true,
    functionDeclaration: `function (v) { this.${method}(v) }`,
  });
}

function evaluate(step, code) {
  const options = { expression: `${code}\n//# sourceURL=${step.name}`, replMode: true,
                    objectGroup: 'step' };
  post('Runtime.evaluate', options, (failure, answer) => {
    if (step.ended || process._exiting)
      return;
    if (failure) {
      // A termination at the wrong moment takes the context away: nothing can be run any more.
      complain(`${failure.message}\n`);
      exit(1);
    } else if (answer.exceptionDetails) {
      step.details = answer.exceptionDetails;
      pass(step, 'error', answer.exceptionDetails.exception ?? { value: answer.exceptionDetails.text });
    } else {
      pass(step, 'value', answer.result);
    }
  });
}

let pending; // what the one script below calls
const guarded = new vm.Script(`${HANDLE}.go()`, { filename: __filename });
handle.go = () => pending();

function run(source, number, token) {
  if (source)
    count = number || count + 1;
  const step = { name: `step${count}.js`, source, token, failed: false, ended: false };
  current = step;
  pending = () => evaluate(step, rewriteImports(source));
  try {
    guarded.runInThisContext({ breakOnSigint: true });
  } catch (error) {
    const stopped = error && error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
    complain(stopped ? 'Interrupted\n' : describe(error));
    finish(step, stopped ? 130 : 1);
  }
}

// ---- import ----

function importFrom(folder) {
  const file = path.join(folder, 'step.js');
  const maker = new Module(file);
  maker.filename = file;
  maker.paths = Module._nodeModulePaths(folder);
  maker._compile('module.exports = (name, options) => import(name, options)', file);
  return maker.exports;
}

function relative(make) {
  let folder;
  let made;
  return (...args) => {
    const here = process.cwd();
    if (here !== folder)
      [folder, made] = [here, make(here)];
    return made(...args);
  };
}

const STATIC = new RegExp('import\\s*(?:(?:([\\w$]+)\\s*,?\\s*)?(?:\\*\\s*as\\s+([\\w$]+)|' +
  '(\\{[^}]*\\}))?\\s*from\\s*)?(["\'])([^"\'\\n]*)\\4(?:\\s*with\\s*(\\{[^}]*\\}))?', 'uy');

function staticImport(text, [, whole, all, names, , name, attributes]) {
  const options = attributes ? `, {with: ${attributes}}` : '';
  const call = `await ${HANDLE}_import(${stringify(name)}${options})`;
  const lines = ';' + '\n'.repeat(text.split('\n').length - (names ?? '').split('\n').length);
  const wanted = [];
  if (whole)
    wanted.push(`default: ${whole}`);
  if (names)
    wanted.push(names.slice(1, -1).replace(/\sas\s/g, ': '));
  const picked = `{${wanted.join(', ')}}`;
  if (all)
    return `const ${all} = ${call}${whole ? `, ${picked} = ${all}` : ''}${lines}`;
  return wanted.length ? `const ${picked} = ${call}${lines}` : call + lines;
}

// One token at a time: comments, strings, template text, regular expressions, words, the rest.
const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|[\w$\u0080-\uffff]+|\s+|[^]/uy;
const TEMPLATE = /(?:\\[^]|\$(?!\{)|[^`\\$])*(`|\$\{|$)/uy;
const REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/uy;
const BEFORE_REGEXP = /^(?:return|typeof|case|in|of|void|delete|do|else|throw|new|yield|await|[^\w$)\]}\u0080-\uffff])?$/u;

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function rewriteImports(code) {
  if (!/\bimport\b/.test(code))
    return code;
  let out = '';
  let before = ''; // the last token that is not white space or a comment
  const open = []; // what each open bracket is: '{', '(', '[', or '$' for a template's
  for (let at = 0; at < code.length;) {
    let [token] = match(TOKEN, code, at);
    let put = token;
    if (token === '`' || (token === '}' && open[open.length - 1] === '$')) {
      if (token === '}')
        open.pop();
      const rest = match(TEMPLATE, code, at + 1);
      put = token += rest[0];
      if (rest[1] === '${')
        open.push('$');
    } else if (token === '/' && BEFORE_REGEXP.test(before)) {
      const whole = match(REGEXP, code, at);
      put = token = whole ? whole[0] : token;
    } else if (token === 'import' && before !== '.') {
      const found = open.length === 0 && match(STATIC, code, at);
      if (found)
        put = staticImport(token = found[0], found);
      else if (/^\s*\(/.test(code.slice(at + 6, at + 100)))
        put = `${HANDLE}_import`;
    } else if ('{(['.includes(token)) {
      open.push(token);
    } else if ('})]'.includes(token)) {
      open.pop();
    }
    if (!/^(?:\s|\/[/*])/.test(token))
      before = token.length > 1 && /^[`}'"/]/.test(token) ? ')' : token;
    out += put;
    at += token.length;
  }
  return out;
}

// ---- the code's descriptor ----

let held = alloc(0);

function next() {
  const end = held.indexOf(10);
  if (current || end < 0)
    return;
  const [length, number, token] = held.toString('latin1', 0, end).split(' ');
  const behind = end + 1 + +length;
  if (held.length < behind)
    return;
  const code = held.toString('utf8', end + 1, behind);
  held = held.subarray(behind);
  run(code, +number, token);
}

function uncaught(error) {
  try {
    complain(describe(error));
    if (current)
      finish(current, 1);
  } catch (broken) {
    giveUp(broken);
  }
}

function hide(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true,
                                            enumerable: false });
}

function prepare() {
  codeFd = reopen(CODE_FD, 'r');
  statusFd = reopen(STATUS_FD, 'w');
  for (const fd of [1, 2])
    spare[fd] = copyOf(fd, 'a');
  session.connect();
  // For good: a step may freeze or clear the global object.
  Object.defineProperty(globalThis, HANDLE, { value: Object.freeze(handle) });
  Object.defineProperty(globalThis, `${HANDLE}_import`, { value: relative(importFrom) });
  const require = relative((folder) => Module.createRequire(path.join(folder, 'step.js')));
  require.resolve = (...args) => Module.createRequire(path.join(process.cwd(), 'step.js'))
    .resolve(...args);
  hide('require', require);
  for (const [name, fd] of [['stdout', 1], ['stderr', 2]])
    Object.defineProperty(process, name, { value: new Output(fd), writable: true,
                                           configurable: true, enumerable: true });
  // Not the inspector's, which keeps what it shows.
  hide('console', new console.Console(process.stdout, process.stderr));
  post('Runtime.evaluate', { expression: HANDLE }, (failure, answer) => {
    handleId = answer.result.objectId;
  });
  process.argv.length = 1;
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', (error) => {
    complain(describe(error));
    if (current)
      current.failed = true;
  });
  process.on('SIGINT', () => {
    if (!current)
      return;
    complain('Interrupted\n');
    finish(current, 130);
  });
}

prepare();
const input = new net.Socket({ fd: codeFd, readable: true, writable: false });
input.on('data', (part) => {
  try {
    held = held.length ? concat([held, part]) : part;
    next();
  } catch (error) {
    giveUp(error);
  }
});
input.on('end', () => exit(0));
say(from('R+'));
