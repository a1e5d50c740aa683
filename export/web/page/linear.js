// Linear algebra of colours.

/** Determinant and inverse of a symmetric 3 x 3 matrix, both given as [xx, xy, xz, yy, yz, zz]. */
export function inverse([xx, xy, xz, yy, yz, zz]) {
  const first = yy * zz - yz * yz, second = xz * yz - xy * zz, third = xy * yz - xz * yy;
  const determinant = xx * first + xy * second + xz * third;
  const minors = [first, second, third, xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy];
  return { determinant, inverse: minors.map((minor) => minor / determinant) };
}

/** The product of a symmetric matrix and a vector. */
export const product = ([xx, xy, xz, yy, yz, zz], [x, y, z]) => [
  xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z,
];

export const dot = ([x, y, z], [u, v, w]) => x * u + y * v + z * w;
