// How long the points of the plane stay near: two of them at a time.

/** Iterations of z = z² + c for two points, each until |z| > 2, at most `max`; as two i64. */
function iterations(cr: v128, ci: v128, max: i32): v128 {
  const four = f64x2.splat(4);
  const two = f64x2.splat(2);
  let zr = f64x2.splat(0);
  let zi = f64x2.splat(0);
  let count = i64x2.splat(0);
  let isNear = i64x2.splat(-1);
  for (let step = 0; step < max; step++) {
    const rr = f64x2.mul(zr, zr);
    const ii = f64x2.mul(zi, zi);
    isNear = v128.and(isNear, f64x2.le(f64x2.add(rr, ii), four));
    if (!v128.any_true(isNear)) break;
    count = i64x2.sub(count, isNear);
    zi = f64x2.add(f64x2.mul(f64x2.mul(two, zr), zi), ci);
    zr = f64x2.add(f64x2.sub(rr, ii), cr);
  }
  return count;
}

/** Colour 0 is for points that stay; the others go round and round through colours 1 to 255. */
function colour(count: i64, max: i32): u8 {
  return count >= max ? 0 : <u8>(1 + ((count - 1) % 255));
}

/** Stores the colours of `length` points from `re` on, `step` apart, all at height `im`. */
export function colourRow(at: usize, length: i32, first: i32, left: f64, step: f64, im: f64, max: i32): void {
  const ci = f64x2.splat(im);
  for (let x = 0; x < length; x += 2) {
    const re0 = left + (<f64>(first + x) + 0.5) * step;
    const re1 = left + (<f64>(first + x + 1) + 0.5) * step;
    const counts = iterations(f64x2.replace_lane(f64x2.splat(re0), 1, re1), ci, max);
    store<u8>(at + x, colour(i64x2.extract_lane(counts, 0), max));
    if (x + 1 < length) store<u8>(at + x + 1, colour(i64x2.extract_lane(counts, 1), max));
  }
}
