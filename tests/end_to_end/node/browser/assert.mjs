// What the journeys need of node:assert/strict, in a browser.
const shown = (value) => JSON.stringify(value);

function sorted(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const same = (one, other) => JSON.stringify(one, (_, it) => sorted(it)) === JSON.stringify(other, (_, it) => sorted(it));

function ok(holds, message = "it does not hold") {
  if (!holds) throw new Error(message);
}

export default {
  ok,
  equal: (seen, expected) => ok(Object.is(seen, expected), `${shown(seen)} is not ${shown(expected)}`),
  notEqual: (seen, other) => ok(!Object.is(seen, other), `it is ${shown(other)}`),
  deepEqual: (seen, expected) => ok(same(seen, expected), `${shown(seen)} is not ${shown(expected)}`),
  async rejects(promise, expected) {
    const reason = await promise.then(
      () => undefined,
      (error) => error,
    );
    ok(reason !== undefined, "nothing was refused");
    for (const [name, value] of Object.entries(expected)) ok(reason[name] === value, `${reason.name}: ${reason.message}`);
  },
};
