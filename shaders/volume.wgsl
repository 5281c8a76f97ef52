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
    light: vec3<f32>,
    opacity: f32,
    background: vec3<f32>,
    padding: f32,
    // Away from the eye in RAS.
    look: vec3<f32>,
    // Greys: below the first the scan is empty, from the second on it becomes solid, at the third it is.
    starts_at: f32,
    solid: vec2<f32>,
    // Lengths of loops: given here, they are not unrolled, over which software drivers take seconds.
    corners: u32,
    halvings: u32,
}

const MAXIMUM = 1u;
const SURFACES = 2u;
const LABELS = 4u;
const DRAFT = 8u;

const HAZE = vec3<f32>(0.72, 0.52, 0.45);
const SKIN = vec3<f32>(0.8, 0.68, 0.6);
const BONE = vec3<f32>(0.97, 0.94, 0.87);

// Bits of a brick.
const BRICK_LEVEL = 1023u;
const BRICK_HAS_LABELS = 32768u;

@group(0) @binding(0) var<storage, read> view: View;
@group(1) @binding(0) var scan: texture_3d<f32>;
@group(1) @binding(1) var mask: texture_3d<u32>;
@group(1) @binding(2) var bricks: texture_3d<u32>;
@group(1) @binding(3) var linear: sampler;
@group(2) @binding(0) var palette: texture_2d<f32>;

struct Drawn {
    @location(0) color: vec4<f32>,
    @location(1) depth: vec4<f32>,
}

fn gray_at(at: vec3<f32>) -> f32 {
    return textureSampleLevel(scan, linear, at, 0.0).r * view.gray_factor + view.gray_summand;
}

fn brick_gray(brick: u32) -> f32 {
    return (1.0 + f32(brick & BRICK_LEVEL) / 1024.0) * view.gray_factor + view.gray_summand;
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

// How much of a label there is at a continuous voxel index, linear between voxels: its surface is where this is a half.
fn presence(voxel: vec3<f32>, label: u32) -> f32 {
    let low = floor(voxel);
    let part = voxel - low;
    var sum = 0.0;
    for (var n = 0u; n < view.corners; n++) {
        let corner = vec3<f32>(f32(n & 1u), f32((n >> 1u) & 1u), f32(n >> 2u));
        let weights = mix(1.0 - part, part, corner);
        if label_at(vec3<i32>(low + corner)) == label {
            sum += weights.x * weights.y * weights.z;
        }
    }
    return sum;
}

// Continuous voxel index of texture coordinates.
fn voxel_at(at: vec3<f32>) -> vec3<f32> {
    return at * vec3<f32>(textureDimensions(mask)) - 0.5;
}

// Where on a ray, at or up to a step before `mm`, a label's surface lies; below 0 if `mm` is not within it.
fn surface_before(start: vec3<f32>, way: vec3<f32>, mm: f32, step: f32, label: u32) -> f32 {
    var outside = mm - step;
    var within = mm;
    var at = mm;
    for (var n = 0u; n < view.halvings; n++) {
        if presence(voxel_at(start + at * way), label) >= 0.5 {
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

// How far around a voxel its label's normal looks, in voxels.
const NORMAL_REACH = 2;

// Outward normal of a label in RAS: away from where its voxels around lie, near ones counting more.
fn label_normal(voxel: vec3<f32>, label: u32) -> vec3<f32> {
    let middle = floor(voxel + 0.5);
    let part = voxel - middle;
    // Weights fall to nothing at the edge of what is looked at, so that normals change smoothly from voxel to voxel.
    let radius = f32(NORMAL_REACH) + 0.5;
    var sum = vec3<f32>(0.0);
    for (var k = -NORMAL_REACH; k <= NORMAL_REACH; k++) {
        for (var j = -NORMAL_REACH; j <= NORMAL_REACH; j++) {
            for (var i = -NORMAL_REACH; i <= NORMAL_REACH; i++) {
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

// Normal towards lower grey in RAS, from greys at the corners of a box of `reach` reduced voxels.
fn scan_normal(at: vec3<f32>, reach: f32) -> vec3<f32> {
    let step = reach / vec3<f32>(textureDimensions(scan));
    var rise = vec3<f32>(0.0);
    for (var n = 0u; n < view.corners; n++) {
        let way = vec3<f32>(f32(n & 1u), f32((n >> 1u) & 1u), f32(n >> 2u)) - 0.5;
        rise += way * gray_at(at + way * step);
    }
    return safe_normal(-(view.normal_from_gradient * (rise / (step * vec3<f32>(textureDimensions(mask))))));
}

fn safe_normal(way: vec3<f32>) -> vec3<f32> {
    let long = dot(way, way);
    if long < 1e-12 {
        return view.light;
    }
    return way * inverseSqrt(long);
}

// A gamma-encoded colour lit from the upper left, with a soft shine.
fn lit(color: vec3<f32>, normal: vec3<f32>) -> vec3<f32> {
    let facing = dot(normal, view.light);
    let diffuse = 0.2 + 0.8 * saturate(facing * 0.75 + 0.25);
    let shine = 0.16 * pow(saturate(facing), 24.0);
    return gamma_from_linear(saturate(linear_from_gamma(color) * diffuse + shine));
}

// How dense the scan is drawn, per millimetre: a haze, and what is solid within it.
fn haze(gray: f32) -> f32 {
    return 0.0018 * smoothstep(view.starts_at, 0.9, gray);
}

fn solidity(gray: f32) -> f32 {
    return 0.3 * smoothstep(view.solid.x, view.solid.y, gray);
}

// Even noise between 0 and 1 that hides the steps of the rays (Jimenez 2014).
fn noise(pixel: vec2<f32>) -> f32 {
    return fract(52.9829189 * fract(dot(pixel, vec2<f32>(0.06711056, 0.00583715))));
}

@fragment
fn draw_volume(@builtin(position) pixel: vec4<f32>) -> Drawn {
    let start = view.origin + pixel.x * view.across + pixel.y * view.downward;
    let way = select(view.away, vec3<f32>(1e-9), abs(view.away) < vec3<f32>(1e-9));
    let per_way = 1.0 / way;
    let to_low = -start * per_way;
    let to_high = (1.0 - start) * per_way;
    let near = min(to_low, to_high);
    let far = max(to_low, to_high);
    let enter = max(max(near.x, near.y), max(near.z, 0.0));
    let leave = min(min(far.x, far.y), far.z);

    let brick_count = vec3<f32>(textureDimensions(bricks));
    let voxel_count = vec3<f32>(textureDimensions(mask));
    let is_forward = select(vec3<f32>(0.0), vec3<f32>(1.0), way > vec3<f32>(0.0));
    var label_cover = saturate(view.opacity * select(2.25, 1.0, has(MAXIMUM)));
    if has(SURFACES) {
        label_cover = 1.0;
    }

    var color = vec3<f32>(0.0);
    var passes = 1.0;
    var brightest = 0.0;
    var depth = 1.0;
    // The label the ray is within, and whether it is past the skin.
    var inside = 0u;
    var is_within = false;
    var gray_before = 0.0;
    var brick = 0u;
    var brick_end = -1.0;
    var step = view.step_mm;
    var mm = enter + noise(pixel.xy) * step;

    // The inner loop marches to the next surface and does as little as it can; what is dear is done once for each surface.
    // The outer one is counted although every ray ends: Mesa 22's software driver runs an uncounted loop around another one
    // thousands of times.
    for (var surfaces = 0u; surfaces < 24u; surfaces++) {
        var label = 0u;
        var gray = 0.0;
        var is_skin = false;
        var solid = 0.0;
        while mm < leave && passes > 0.02 && brightest < 1.0 {
            let at = start + mm * way;
            if mm >= brick_end {
                let index = clamp(floor(at * brick_count), vec3<f32>(0.0), brick_count - 1.0);
                brick = textureLoad(bricks, vec3<i32>(index), 0).r;
                let ends = ((index + is_forward) / brick_count - start) * per_way;
                brick_end = min(ends.x, min(ends.y, ends.z));
                let has_labels = has(LABELS) && (brick & BRICK_HAS_LABELS) != 0u;
                let has_scan = !has(SURFACES) && brick_gray(brick) > select(view.starts_at, brightest, has(MAXIMUM));
                if !has_labels && !has_scan {
                    inside = 0u;
                    gray_before = 0.0;
                    mm += max(ceil((brick_end - mm) / view.step_mm), 1.0) * view.step_mm;
                    continue;
                }
                // Label surfaces show every miss, a haze does not.
                step = select(view.step_mm, view.step_mm * 0.5, has_labels && !has(DRAFT));
            }
            if has(LABELS) {
                label = label_at(vec3<i32>(floor(at * voxel_count)));
                inside = select(inside, 0u, label == 0u);
                // Over the brightest values one tint is enough.
                label = select(label, inside, has(MAXIMUM) && passes < 1.0);
            }
            if !has(SURFACES) {
                gray = gray_at(at);
            }
            if has(MAXIMUM) {
                brightest = max(brightest, gray);
            } else if !has(SURFACES) {
                let cover = haze(gray) * step;
                color += passes * cover * HAZE;
                passes *= 1.0 - cover;
                solid = solidity(gray) * step;
                is_skin = !is_within && gray > view.starts_at;
            }
            if label != inside || is_skin || solid > 0.02 {
                break;
            }
            gray_before = gray;
            mm += step;
        }
        if mm >= leave || passes <= 0.02 || brightest >= 1.0 {
            break;
        }
        if has(LABELS) && label != inside {
            let label_color = color_of(label);
            let surface = surface_before(start, way, mm, step, label);
            if label_color.a == 0.0 {
                inside = label;
            } else if surface > 0.0 {
                inside = label;
                let normal = label_normal(voxel_at(start + surface * way), label);
                color += passes * label_cover * lit(label_color.rgb, normal);
                passes *= 1.0 - label_cover;
                depth = min(depth, surface / view.depth_mm);
            }
        }
        if !has(SURFACES) && !has(MAXIMUM) && (is_skin || solid > 0.02) {
            let back = select(0.0, saturate((gray - view.starts_at) / max(gray - gray_before, 1e-6)), is_skin);
            let normal = scan_normal(start + (mm - back * step) * way, select(1.5, 3.0, is_skin));
            var cover = 1.0 - exp(-solid);
            var shade = lit(mix(HAZE, BONE, smoothstep(view.solid.x - 0.2, view.solid.y, gray)), normal);
            if cover > 0.2 {
                depth = min(depth, mm / view.depth_mm);
            } else if is_skin {
                // The skin is glass, seen where it turns away from the eye.
                let turned = 1.0 - abs(dot(normal, view.look));
                cover = max(cover, 0.04 + 0.4 * turned * turned);
                shade = SKIN;
            }
            is_within = true;
            color += passes * cover * shade;
            passes *= 1.0 - cover;
        }
        gray_before = gray;
        mm += step;
    }

    let beneath = mix(view.background, vec3<f32>(1.0), saturate(brightest));
    return Drawn(vec4<f32>(color + passes * beneath, 1.0), vec4<f32>(depth, 0.0, 0.0, 0.0));
}
