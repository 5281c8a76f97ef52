// One slice of the scan, or a slab around it, with a second scan and the mask over it, or with a proposal's difference from the
// mask.

struct Slice {
    // Continuous voxel index at the rectangle's top left corner, and the ways to the next pixel.
    origin: vec3<f32>,
    opacity: f32,
    across: vec3<f32>,
    gray_factor: f32,
    downward: vec3<f32>,
    gray_summand: f32,
    // Top left corner of the rectangle in pixels.
    corner: vec2<f32>,
    pixels_per_point: f32,
    // Of the second scan, 0 … 1.
    cover: f32,
    // For a slice along the voxels: its two voxel axes.
    first: vec3<f32>,
    second: vec3<f32>,
    // The way to the next sample of a slab, and how many there are on either side of the slice.
    slab: vec3<f32>,
    slab_reach: i32,
    // Rows of the affine from this scan's voxel index to the second one's.
    onto_i: vec4<f32>,
    onto_j: vec4<f32>,
    onto_k: vec4<f32>,
    // From the second scan's texels to the levels of its colour map.
    level_factor: f32,
    level_summand: f32,
    blend: u32,
    // The side of the squares of a checkerboard, in points.
    square: f32,
    // Red, green, blue of each level, a byte each.
    colors: array<u32, 256>,
}

const OUTLINE = 1u;
const LABELS = 2u;
const PROPOSAL = 4u;
const INTERPOLATED = 8u;
// The slice lies along two voxel axes, through voxel centres.
const FLAT = 16u;
// A slab: the largest, the smallest or the mean texel along the normal.
const LARGEST = 32u;
const SMALLEST = 64u;
const MEAN = 128u;
const SLAB = 224u;
const SECOND = 256u;
// White where no scan reaches.
const ON_WHITE = 512u;

// How a second scan lies over the first; as `Blend` counts them.
const MIX = 0u;
const FADE = 1u;
const ADD = 2u;

@group(0) @binding(0) var<storage, read> slice: Slice;
@group(1) @binding(0) var scan: texture_3d<u32>;
@group(1) @binding(1) var mask: texture_3d<u32>;
@group(1) @binding(2) var proposal: texture_3d<u32>;
@group(1) @binding(3) var second_scan: texture_3d<u32>;
@group(2) @binding(0) var palette: texture_2d<f32>;

fn nearest(voxel: vec3<f32>) -> vec3<i32> {
    return vec3<i32>(floor(voxel + 0.5));
}

fn texel(voxels: texture_3d<u32>, voxel: vec3<f32>) -> f32 {
    let last = vec3<i32>(textureDimensions(voxels)) - 1;
    return f32(textureLoad(voxels, clamp(vec3<i32>(voxel), vec3<i32>(0), last), 0).r);
}

// Linear between the four voxels around, within the slice.
fn flat_texel(voxel: vec3<f32>) -> f32 {
    let low = floor(voxel + 0.001 * (1.0 - slice.first - slice.second));
    let part = voxel - low;
    let along = dot(part, slice.first);
    let near = mix(texel(scan, low), texel(scan, low + slice.first), along);
    let far = mix(texel(scan, low + slice.second), texel(scan, low + slice.first + slice.second), along);
    return mix(near, far, dot(part, slice.second));
}

// Linear between the eight voxels around.
fn interpolated_texel(voxels: texture_3d<u32>, voxel: vec3<f32>) -> f32 {
    let low = floor(voxel);
    let part = voxel - low;
    var sum = 0.0;
    for (var n = 0u; n < 8u; n++) {
        let corner = vec3<f32>(f32(n & 1u), f32((n >> 1u) & 1u), f32(n >> 2u));
        let weights = mix(1.0 - part, part, corner);
        sum += weights.x * weights.y * weights.z * texel(voxels, low + corner);
    }
    return sum;
}

fn texel_at(voxel: vec3<f32>) -> f32 {
    if !has(INTERPOLATED) {
        return texel(scan, floor(voxel + 0.5));
    } else if has(FLAT) {
        return flat_texel(voxel);
    }
    return interpolated_texel(scan, voxel);
}

fn second_texel_at(voxel: vec3<f32>) -> f32 {
    if has(INTERPOLATED) {
        return interpolated_texel(second_scan, voxel);
    }
    return texel(second_scan, floor(voxel + 0.5));
}

fn is_inside(voxels: texture_3d<u32>, voxel: vec3<f32>) -> bool {
    return all(voxel >= vec3<f32>(-0.5)) && all(voxel < vec3<f32>(textureDimensions(voxels)) - 0.5);
}

// Samples along the normal become one: their largest, smallest, or sum.
struct Gathered {
    texel: f32,
    count: f32,
}

fn gathered(so_far: Gathered, texel: f32) -> Gathered {
    var all = so_far.texel + texel;
    if has(LARGEST) {
        all = select(max(so_far.texel, texel), texel, so_far.count == 0.0);
    } else if has(SMALLEST) {
        all = select(min(so_far.texel, texel), texel, so_far.count == 0.0);
    }
    return Gathered(all, so_far.count + 1.0);
}

fn texel_of(gathered: Gathered) -> f32 {
    if has(MEAN) {
        return gathered.texel / gathered.count;
    }
    return gathered.texel;
}

fn second_voxel(voxel: vec3<f32>) -> vec3<f32> {
    let at = vec4<f32>(voxel, 1.0);
    return vec3<f32>(dot(slice.onto_i, at), dot(slice.onto_j, at), dot(slice.onto_k, at));
}

// A pixel without labels: the scan, and the second one over it. Where neither reaches it is black, or white if that is the ground.
fn ground(voxel: vec3<f32>, pixel: vec2<f32>) -> vec3<f32> {
    var first = Gathered(0.0, 0.0);
    var other = Gathered(0.0, 0.0);
    var reach = 0;
    if has(SLAB) {
        reach = slice.slab_reach;
    }
    for (var n = -reach; n <= reach; n++) {
        let at = voxel + f32(n) * slice.slab;
        if is_inside(scan, at) {
            first = gathered(first, texel_at(at));
        }
        if has(SECOND) {
            let there = second_voxel(at);
            if is_inside(second_scan, there) {
                other = gathered(other, second_texel_at(there));
            }
        }
    }
    var gray = select(0.0, 1.0, has(ON_WHITE));
    if first.count > 0.0 {
        gray = saturate(texel_of(first) * slice.gray_factor + slice.gray_summand);
    }
    if has(SECOND) && other.count > 0.0 {
        let level = saturate(texel_of(other) * slice.level_factor + slice.level_summand);
        return with_second(vec3<f32>(gray), level, pixel);
    }
    return vec3<f32>(gray);
}

fn with_second(under: vec3<f32>, level: f32, pixel: vec2<f32>) -> vec3<f32> {
    let color = unpack4x8unorm(slice.colors[u32(level * 255.0 + 0.5)]).rgb;
    switch slice.blend {
        case MIX: {
            return mix(under, color, slice.cover);
        }
        case FADE: {
            return mix(under, color, slice.cover * level);
        }
        case ADD: {
            return saturate(under + color * slice.cover);
        }
        default: {
            let square = vec2<i32>(floor(pixel / (slice.square * slice.pixels_per_point)));
            let is_second = ((square.x + square.y) & 1) == 1;
            return mix(under, color, select(0.0, slice.cover, is_second));
        }
    }
}

fn color_of(label: u32) -> vec4<f32> {
    return textureLoad(palette, vec2<u32>(label & 255u, label >> 8u), 0);
}

// Mask and proposal of a voxel as they are stored; zeros outside.
fn labels_at(voxel: vec3<i32>) -> vec2<u32> {
    if any(voxel < vec3<i32>(0)) || any(voxel >= vec3<i32>(textureDimensions(mask))) {
        return vec2<u32>(0u);
    }
    let label = textureLoad(mask, voxel, 0).r;
    if has(PROPOSAL) {
        return vec2<u32>(label, textureLoad(proposal, voxel, 0).r);
    }
    return vec2<u32>(label, label);
}

// Whether other labels lie within `reach` pixels of a voxel position, across or down.
fn is_at_border(voxel: vec3<f32>, labels: vec2<u32>, reach: f32) -> bool {
    let here = nearest(voxel);
    let rising = reach * (slice.across - slice.downward);
    let falling = reach * (slice.across + slice.downward);
    return is_other(voxel + rising, here, labels) || is_other(voxel - rising, here, labels)
        || is_other(voxel + falling, here, labels) || is_other(voxel - falling, here, labels);
}

fn is_other(voxel: vec3<f32>, here: vec3<i32>, labels: vec2<u32>) -> bool {
    let there = nearest(voxel);
    return any(there != here) && any(labels_at(there) != labels);
}

// How much of a pixel slanted stripes cover: `along` in pixels across the stripes.
fn stripes(along: f32, period: f32, width: f32) -> f32 {
    let from_middle = abs(fract(along / period) - 0.5) * period;
    return saturate(width / 2.0 - from_middle + 0.5);
}

// The mask alone: a fill with a stronger rim, or the rim alone.
fn with_labels(gray: vec3<f32>, voxel: vec3<f32>, label: u32) -> vec3<f32> {
    let color = color_of(label);
    if color.a == 0.0 {
        return gray;
    }
    let is_rim = is_at_border(voxel, vec2<u32>(label), 1.5 * slice.pixels_per_point);
    var cover = slice.opacity;
    if has(OUTLINE) {
        cover = 0.0;
    }
    if is_rim {
        cover = saturate(slice.opacity * 2.0);
    }
    return mix(gray, color.rgb, cover);
}

// What a proposal would change: added voxels striped with a bright rim, removed ones darkly crossed with a dashed rim, and
// what stays a faint fill. The patterns tell them apart without colour.
fn with_difference(gray: vec3<f32>, voxel: vec3<f32>, labels: vec2<u32>, pixel: vec2<f32>) -> vec3<f32> {
    let was = color_of(labels.x);
    let will_be = color_of(labels.y);
    let was_seen = was.a > 0.0;
    let will_be_seen = will_be.a > 0.0;
    if labels.x == labels.y {
        if !was_seen || !has(LABELS) {
            return gray;
        }
        return mix(gray, was.rgb, slice.opacity * 0.35);
    }
    if !was_seen && !will_be_seen {
        return gray;
    }
    let points = slice.pixels_per_point;
    let is_rim = is_at_border(voxel, labels, 1.5 * points);
    let rising = stripes((pixel.x + pixel.y) * 0.7071, 6.0 * points, 2.5 * points);
    if will_be_seen {
        if is_rim {
            return mix(will_be.rgb, vec3<f32>(1.0), 0.55);
        }
        let under = mix(gray, will_be.rgb, 0.3);
        let ground = mix(under, was.rgb, select(0.0, 0.6, was_seen));
        return mix(ground, will_be.rgb, rising * 0.95);
    }
    if is_rim {
        let dash = floor(pixel.x / (4.0 * points)) + floor(pixel.y / (4.0 * points));
        let is_light = (i32(dash) & 1) == 0;
        return select(vec3<f32>(0.05), mix(was.rgb, vec3<f32>(1.0), 0.7), is_light);
    }
    let falling = stripes((pixel.x - pixel.y) * 0.7071, 6.0 * points, 1.6 * points);
    let crossed = max(stripes((pixel.x + pixel.y) * 0.7071, 6.0 * points, 1.6 * points), falling);
    return mix(mix(gray, was.rgb, 0.45), vec3<f32>(0.05), crossed * 0.85);
}

@fragment
fn draw_slice(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = at.xy - slice.corner;
    let voxel = slice.origin + pixel.x * slice.across + pixel.y * slice.downward;
    let under = ground(voxel, pixel);
    let labels = labels_at(nearest(voxel));
    if has(PROPOSAL) {
        return on_target(with_difference(under, voxel, labels, pixel));
    }
    if has(LABELS) && labels.x != 0u {
        return on_target(with_labels(under, voxel, labels.x));
    }
    return on_target(under);
}
