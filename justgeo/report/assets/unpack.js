/* What is packed in the page: gzip in base64. Undone here and at once, by RFC 1951 and 1952, so that every browser can.

   `justgeoUnpack(text)` gives the text. What has `data-unpack` is unpacked now, in its order: "script" runs, and must be
   named in the policy of the page like any other; "data" stands where it was, under its id. */
(function () {
  "use strict";
  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const FAR = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  const FAR_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const HEADER = 10;

  // A code as how many words it has of each length, and its signs in the order of their words.
  function code(lengths) {
    const count = new Array(16).fill(0);
    for (const one of lengths) count[one] += 1;
    count[0] = 0;
    const at = [0];
    for (let i = 0; i < 15; i += 1) at.push(at[i] + count[i]);
    const signs = [];
    lengths.forEach((one, sign) => {
      if (one) signs[at[one]++] = sign;
    });
    return { count, signs };
  }
  const FIXED = [
    code([].concat(new Array(144).fill(8), new Array(112).fill(9), new Array(24).fill(7), new Array(8).fill(8))),
    code(new Array(30).fill(5)),
  ];

  function inflate(bytes) {
    const size = new DataView(bytes.buffer).getUint32(bytes.length - 4, true);
    const out = new Uint8Array(size);
    let [at, end, held, left] = [HEADER, 0, 0, 0];
    function bits(n) {
      while (left < n) {
        held |= bytes[at++] << left;
        left += 8;
      }
      const value = held & ((1 << n) - 1);
      held >>>= n;
      left -= n;
      return value;
    }
    function sign(tree) {
      let [word, first, index] = [0, 0, 0];
      for (let length = 1; length < 16; length += 1) {
        word |= bits(1);
        const count = tree.count[length];
        if (word - count < first) return tree.signs[index + word - first];
        index += count;
        first = (first + count) << 1;
        word <<= 1;
      }
      throw new Error("justgeo: what is packed in this page is damaged");
    }
    function own() {
      const [nearly, far, some] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
      const short = new Array(19).fill(0);
      for (let i = 0; i < some; i += 1) short[ORDER[i]] = bits(3);
      const tree = code(short);
      const lengths = [];
      while (lengths.length < nearly + far) {
        const one = sign(tree);
        if (one < 16) lengths.push(one);
        else {
          const value = one === 16 ? lengths[lengths.length - 1] : 0;
          const times = one === 16 ? 3 + bits(2) : one === 17 ? 3 + bits(3) : 11 + bits(7);
          for (let i = 0; i < times; i += 1) lengths.push(value);
        }
      }
      return [code(lengths.slice(0, nearly)), code(lengths.slice(nearly))];
    }
    for (let last = 0; !last; ) {
      last = bits(1);
      const kind = bits(2);
      if (kind === 0) {
        held = left = 0;
        const length = bytes[at] | (bytes[at + 1] << 8);
        out.set(bytes.subarray(at + 4, at + 4 + length), end);
        at += 4 + length;
        end += length;
        continue;
      }
      const [texts, places] = kind === 1 ? FIXED : own();
      for (let one = sign(texts); one !== 256; one = sign(texts)) {
        if (one < 256) out[end++] = one;
        else {
          const length = LENGTHS[one - 257] + bits(LENGTH_BITS[one - 257]);
          const place = sign(places);
          const from = end - FAR[place] - bits(FAR_BITS[place]);
          for (let i = 0; i < length; i += 1) out[end++] = out[from + i];
        }
      }
    }
    return out;
  }

  window.justgeoUnpack = (text) => new TextDecoder().decode(inflate(Uint8Array.from(atob(text.trim()), (one) => one.charCodeAt(0))));
  for (const one of document.querySelectorAll("script[data-unpack]")) {
    const node = document.createElement("script");
    if (one.dataset.unpack === "data") {
      node.type = "application/json";
      node.id = one.id;
    }
    node.textContent = window.justgeoUnpack(one.textContent);
    one.replaceWith(node);
  }
})();
