// The engine: its C functions as functions of numbers, texts and arrays. Arrays are copied in before a call and out
// after it, so that what a function fills in is simply there.
"use strict";
const connect = (module) => {
  const put = (value, given) => {
    if (typeof value === "string") {
      const room = module.lengthBytesUTF8(value) + 1, at = module._malloc(room);
      module.stringToUTF8(value, at, room);
      return { at };
    }
    if (!ArrayBuffer.isView(value)) return { number: value };
    const at = module._malloc(value.byteLength);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    module.HEAPU8.set(bytes, at);
    return { at, bytes };
  };
  const call = (name, ...values) => {
    const given = values.map(put);
    const result = module["_living_" + name](...given.map((g) => g.at === undefined ? g.number : g.at));
    for (const { at, bytes } of given) {
      if (bytes) bytes.set(module.HEAPU8.subarray(at, at + bytes.length));
      if (at !== undefined) module._free(at);
    }
    if (result === -1) throw new Error(module.UTF8ToString(module._living_error()));
    return result;
  };
  const text = (name, place) => {
    const at = module["_living_" + name](place);
    return at ? module.UTF8ToString(at) : null;
  };
  /// All rows of a table that the engine tells by place.
  const table = (kind, second) => {
    const rows = [];
    for (let k = 0, name; (name = text(kind + "_name", k)) !== null; ++k) rows.push({ name, what: text(`${kind}_${second}`, k) });
    return rows;
  };
  return { call, table };
};
if (typeof module !== "undefined") module.exports = connect;
