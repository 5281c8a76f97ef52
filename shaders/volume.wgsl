// The whole volume seen from outside, ray by ray: colour and the depth of the first solid thing.

struct View {
    // Texture coordinates of the ray through the picture's top left corner at depth 0, the ways to the next pixel, and the
    // way of a millimetre along a ray.
    origin: vec3<f32>,
    step_mm: f32,
    across: vec3<f32>,
    gray_factor: f32,
    downward: vec3<f32>,
    gray_summand: f32,
    away: vec3<f32>,
    depth_mm: f32,
    // From a gradient along voxel axes to one in RAS.
    normal_from_gradient: mat3x3<f32>,
    // Towards the lamp at the eye, in RAS.
    light: vec3<f32>,
    opacity: f32,
    background: vec3<f32>,
    // Extinctions of the transfer table are for a layer of 1 / this many mm.
    layers_per_mm: f32,
    // Away from the eye in RAS.
    look: vec3<f32>,
    // How strongly the scan is lit, and the rise (in levels from voxel to voxel) from which on it is fully.
    shading: f32,
    scan_low: vec3<f32>,
    full_rise: f32,
    scan_high: vec3<f32>,
    // Lengths of loops: given here, they are not unrolled, over which software drivers take seconds.
    halvings: u32,
    label_low: vec3<f32>,
    taps: u32,
    label_high: vec3<f32>,
    // How far around a voxel its label's normal looks, in voxels.
    reach: i32,
}

const MAXIMUM = 1u;
const SURFACES = 2u;
const LABELS = 4u;
const DRAFT = 8u;
const AVERAGE = 16u;
const MINIMUM = 32u;

// Bits of a brick.
const BRICK_LEVEL = 1023u;
const BRICK_HAS_SCAN = 16384u;
const BRICK_HAS_LABELS = 32768u;

// As much of a label as this makes its surface.
const SURFACE_AT = 0.5;

// A range that no ray is in.
const NOWHERE = vec2<f32>(1e9, -1e9);

@group(0) @binding(0) var<storage, read> view: View;
@group(1) @binding(0) var scan: texture_3d<f32>;
@group(1) @binding(1) var mask: texture_3d<u32>;
@group(1) @binding(2) var bricks: texture_3d<u32>;
// Which way the scan falls (RAS) and the root of how steeply.
@group(1) @binding(3) var falls: texture_3d<f32>;
// Colour and extinction for each level of the reduced scan.
@group(1) @binding(4) var transfer: texture_2d<f32>;
@group(1) @binding(5) var linear: sampler;
@group(2) @binding(0) var palette: texture_2d<f32>;

struct Drawn {
    @location(0) color: vec4<f32>,
    @location(1) depth: vec4<f32>,
}

// The reduced scan: 1 + level / 1024.
fn reduced_at(at: vec3<f32>) -> f32 {
    return textureSampleLevel(scan, linear, at, 0.0).r;
}

fn gray_of(reduced: f32) -> f32 {
    return reduced * view.gray_factor + view.gray_summand;
}

fn color_of(label: u32) -> vec4<f32> {
    return textureLoad(palette, vec2<u32>(label & 255u, label >> 8u), 0);
}

fn label_at(voxel: vec3<i32>) -> u32 {
    if any(voxel < vec3<i32>(0)) || any(voxel >= vec3<i32>(textureDimensions(mask))) {
        return 0u;
    }
    return textureLoad(mask, voxel, 0).r;
}

// How much of a label there is at a continuous voxel index: its voxels under a quadratic B-spline, which is smooth where linear
// weights have edges.
fn presence(voxel: vec3<f32>, label: u32) -> f32 {
    let middle = floor(voxel + 0.5);
    let part = voxel - middle;
    let before = 0.5 * (0.5 - part) * (0.5 - part);
    let after = 0.5 * (0.5 + part) * (0.5 + part);
    let here = 1.0 - before - after;
    var sum = 0.0;
    for (var n = 0u; n < view.taps; n++) {
        let tap = vec3<u32>(n % 3u, (n / 3u) % 3u, n / 9u);
        if label_at(vec3<i32>(middle) + vec3<i32>(tap) - 1) == label {
            let weights = select(select(after, here, tap == vec3<u32>(1u)), before, tap == vec3<u32>(0u));
            sum += weights.x * weights.y * weights.z;
        }
    }
    return sum;
}

// Continuous voxel index of texture coordinates.
fn voxel_at(at: vec3<f32>) -> vec3<f32> {
    return at * vec3<f32>(textureDimensions(mask)) - 0.5;
}

// Where on a ray, between `before` and `mm`, a label's surface lies; below 0 if `mm` is not within it.
fn surface_between(start: vec3<f32>, way: vec3<f32>, before: f32, mm: f32, label: u32) -> f32 {
    // Where even the middle of a voxel has less, as in a single one, less is enough.
    let middle = presence(floor(voxel_at(start + mm * way) + 0.5), label);
    let enough = min(SURFACE_AT, 0.95 * middle);
    var outside = before;
    var within = mm;
    var at = mm;
    for (var n = 0u; n < view.halvings; n++) {
        if presence(voxel_at(start + at * way), label) >= enough {
            within = at;
        } else if n == 0u {
            return -1.0;
        } else {
            outside = at;
        }
        at = 0.5 * (outside + within);
    }
    return within;
}

// Outward normal of a label in RAS: away from where its voxels around lie, near ones counting more.
fn label_normal(voxel: vec3<f32>, label: u32) -> vec3<f32> {
    let middle = floor(voxel + 0.5);
    let part = voxel - middle;
    // Weights fall to nothing at the edge of what is looked at, so that normals change smoothly from voxel to voxel.
    let radius = f32(view.reach) + 0.5;
    var sum = vec3<f32>(0.0);
    for (var k = -view.reach; k <= view.reach; k++) {
        for (var j = -view.reach; j <= view.reach; j++) {
            for (var i = -view.reach; i <= view.reach; i++) {
                let offset = vec3<f32>(f32(i), f32(j), f32(k));
                let way = offset - part;
                let weight = 1.0 - dot(way, way) / (radius * radius);
                if weight > 0.0 && label_at(vec3<i32>(middle + offset)) == label {
                    sum += way * weight * weight;
                }
            }
        }
    }
    return safe_normal(-(view.normal_from_gradient * sum));
}

fn safe_normal(way: vec3<f32>) -> vec3<f32> {
    let long = dot(way, way);
    if long < 1e-12 {
        return view.light;
    }
    return way * inverseSqrt(long);
}

// A gamma-encoded colour of a surface lit from the upper left, with a soft shine.
fn lit(color: vec3<f32>, normal: vec3<f32>) -> vec3<f32> {
    let facing = dot(normal, view.light);
    let diffuse = 0.2 + 0.8 * saturate(facing * 0.75 + 0.25);
    let shine = 0.16 * pow(saturate(facing), 24.0);
    return gamma_from_linear(saturate(linear_from_gamma(color) * diffuse + shine));
}

// A colour of the scan lit as far as it has a surface there. Both sides of a surface are lit: lungs are looked at from without,
// airways from within.
fn shaded(color: vec3<f32>, fall: vec4<f32>) -> vec3<f32> {
    let strength = view.shading * saturate(fall.a * fall.a * BRICK_LEVELS / view.full_rise);
    let normal = fall.xyz * inverseSqrt(max(dot(fall.xyz, fall.xyz), 1e-6));
    let facing = saturate(select(1.0, -1.0, dot(normal, view.look) > 0.0) * dot(normal, view.light));
    let twice = facing * facing;
    let shine = twice * twice * twice * twice;
    let bright = color * (0.28 + 0.78 * facing) + 0.14 * shine * shine;
    return saturate(mix(color, bright, strength));
}

const BRICK_LEVELS = 1023.0;

// Even noise between 0 and 1 that hides the steps of the rays (Jimenez 2014).
fn noise(pixel: vec2<f32>) -> f32 {
    return fract(52.9829189 * fract(dot(pixel, vec2<f32>(0.06711056, 0.00583715))));
}

// Where a ray enters and leaves a box, in mm.
fn through(start: vec3<f32>, per_way: vec3<f32>, low: vec3<f32>, high: vec3<f32>) -> vec2<f32> {
    let to_low = (low - start) * per_way;
    let to_high = (high - start) * per_way;
    let near = min(to_low, to_high);
    let far = max(to_low, to_high);
    let enter = max(max(near.x, near.y), max(near.z, 0.0));
    let leave = min(min(far.x, far.y), far.z);
    return select(NOWHERE, vec2<f32>(enter, leave), enter < leave);
}

// Normal in RAS of the face through which a ray enters a box.
fn face_normal(start: vec3<f32>, way: vec3<f32>, low: vec3<f32>, high: vec3<f32>) -> vec3<f32> {
    let near = (select(high, low, way > vec3<f32>(0.0)) - start) / way;
    var axis = vec3<f32>(0.0, 0.0, 1.0);
    if near.x >= near.y && near.x >= near.z {
        axis = vec3<f32>(1.0, 0.0, 0.0);
    } else if near.y >= near.z {
        axis = vec3<f32>(0.0, 1.0, 0.0);
    }
    return safe_normal(view.normal_from_gradient * (axis * -sign(way)));
}

@fragment
fn draw_volume(@builtin(position) pixel: vec4<f32>) -> Drawn {
    let is_projection = has(MAXIMUM) || has(AVERAGE) || has(MINIMUM);
    let start = view.origin + pixel.x * view.across + pixel.y * view.downward;
    let way = select(view.away, vec3<f32>(1e-9), abs(view.away) < vec3<f32>(1e-9));
    let per_way = 1.0 / way;
    var in_scan = NOWHERE;
    var in_labels = NOWHERE;
    if !has(SURFACES) {
        in_scan = through(start, per_way, view.scan_low, view.scan_high);
    }
    if has(LABELS) {
        in_labels = through(start, per_way, view.label_low, view.label_high);
    }
    let leave = max(in_scan.y, in_labels.y);

    let brick_count = vec3<f32>(textureDimensions(bricks));
    let voxel_count = vec3<f32>(textureDimensions(mask));
    let is_forward = select(vec3<f32>(0.0), vec3<f32>(1.0), way > vec3<f32>(0.0));
    var label_cover = saturate(view.opacity * select(2.25, 1.0, is_projection));
    if has(SURFACES) {
        label_cover = 1.0;
    }

    var color = vec3<f32>(0.0);
    var passes = 1.0;
    // The grey of a projection, and the way through the scan that an average is over.
    var gray = select(0.0, 1e9, has(MINIMUM));
    var gray_mm = 0.0;
    var depth = 1.0;
    // The label the ray is within.
    var inside = 0u;
    var brick = 0u;
    var brick_end = -1.0;
    var step = view.step_mm;
    let jitter = noise(pixel.xy);
    // A step goes from here; it is looked at somewhere along it.
    var mm = min(in_scan.x, in_labels.x);

    // The inner loop marches to the next label surface and does as little as it can; what is dear is done once for each surface.
    // The outer one is counted although every ray ends: Mesa 22's software driver runs an uncounted loop around another one
    // thousands of times.
    for (var surfaces = 0u; surfaces < 24u; surfaces++) {
        var label = 0u;
        var here = mm;
        while mm < leave && passes > 0.02 {
            let long = min(step, leave - mm);
            here = mm + jitter * long;
            let at = start + here * way;
            if here >= brick_end {
                let index = clamp(floor(at * brick_count), vec3<f32>(0.0), brick_count - 1.0);
                brick = textureLoad(bricks, vec3<i32>(index), 0).r;
                let ends = ((index + is_forward) / brick_count - start) * per_way;
                brick_end = min(ends.x, min(ends.y, ends.z));
                let has_labels = has(LABELS) && (brick & BRICK_HAS_LABELS) != 0u;
                var has_scan = has(AVERAGE) || has(MINIMUM);
                if has(MAXIMUM) {
                    has_scan = gray_of(1.0 + f32(brick & BRICK_LEVEL) / 1024.0) > gray;
                } else if !has(SURFACES) && !is_projection {
                    has_scan = (brick & BRICK_HAS_SCAN) != 0u;
                }
                if !has_labels && !has_scan {
                    inside = 0u;
                    mm += max(ceil((brick_end - here) / view.step_mm), 1.0) * view.step_mm;
                    continue;
                }
                // Label surfaces show every miss, a haze does not.
                step = select(view.step_mm, view.step_mm * 0.5, has_labels && !has(DRAFT));
            }
            if has(LABELS) {
                let is_cut = here < in_labels.x || here > in_labels.y;
                label = select(label_at(vec3<i32>(floor(at * voxel_count))), 0u, is_cut);
                inside = select(inside, 0u, label == 0u);
                // Over a projection one tint is enough.
                label = select(label, inside, is_projection && passes < 1.0);
            }
            if !has(SURFACES) {
                // As much of the step as lies within the box.
                let scan_mm = max(min(mm + long, in_scan.y) - max(mm, in_scan.x), 0.0);
                let reduced = reduced_at(at);
                if has(MAXIMUM) {
                    gray = select(gray, max(gray, gray_of(reduced)), scan_mm > 0.0);
                } else if has(MINIMUM) {
                    gray = select(gray, min(gray, gray_of(reduced)), scan_mm > 0.0);
                } else if has(AVERAGE) {
                    gray += gray_of(reduced) * scan_mm;
                    gray_mm += scan_mm;
                } else {
                    let entry = textureLoad(transfer, vec2<i32>(i32((reduced - 1.0) * 1024.0 + 0.5), 0), 0);
                    let cover = 1.0 - exp(-entry.a * scan_mm * view.layers_per_mm);
                    // Half a step back: past a surface there is no fall any more to light it by.
                    let fall = textureSampleLevel(falls, linear, at - 0.5 * long * way, 0.0);
                    color += passes * cover * shaded(entry.rgb, fall);
                    passes *= 1.0 - cover;
                    depth = select(depth, here / view.depth_mm, depth == 1.0 && passes < 0.5);
                }
            }
            if label != inside || (has(MAXIMUM) && gray >= 1.0) {
                break;
            }
            mm += step;
        }
        if mm >= leave || passes <= 0.02 || (has(MAXIMUM) && gray >= 1.0) {
            break;
        }
        if has(LABELS) {
            let label_color = color_of(label);
            let surface = surface_between(start, way, max(here - 1.5 * step, in_labels.x), here, label);
            if label_color.a == 0.0 {
                inside = label;
            } else if surface > 0.0 {
                inside = label;
                // Where the box cuts through a label, its face is the surface.
                var normal = label_normal(voxel_at(start + surface * way), label);
                if surface - in_labels.x < 0.1 * view.step_mm {
                    normal = face_normal(start, way, view.label_low, view.label_high);
                }
                // What is seen through is seen best at its rim.
                let turned = 1.0 - abs(dot(normal, view.look));
                let rim = select(0.0, (1.0 - label_color.a) * turned * turned * 0.6, label_color.a < 1.0);
                let cover = label_cover * (label_color.a + rim);
                color += passes * cover * lit(label_color.rgb, normal);
                passes *= 1.0 - cover;
                depth = select(depth, surface / view.depth_mm, depth == 1.0 && (passes < 0.5 || is_projection));
            }
        }
        mm += step;
    }

    // A ray that was ended early has seen all that counts.
    if passes <= 0.02 {
        color /= 1.0 - passes;
        passes = 0.0;
    }
    if has(AVERAGE) {
        gray = gray / max(gray_mm, 1e-6);
    }
    if has(MINIMUM) {
        gray = select(gray, 0.0, gray > 1e8);
    }
    let beneath = mix(view.background, vec3<f32>(1.0), saturate(gray));
    return Drawn(vec4<f32>(color + passes * beneath, 1.0), vec4<f32>(depth, 0.0, 0.0, 0.0));
}
