// Put before every pass: covering the viewport, and colours.

// Whether the target encodes gamma by itself.
override TARGET_ENCODES: bool = false;

// What this pipeline is asked for; each pass says what its bits mean.
override FLAGS: u32 = 0u;

fn has(flag: u32) -> bool {
    return (FLAGS & flag) != 0u;
}

// One triangle over the whole viewport.
@vertex
fn cover(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4<f32>(corner * 2.0 - 1.0, 0.0, 1.0);
}

fn linear_from_gamma(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

fn gamma_from_linear(color: vec3<f32>) -> vec3<f32> {
    let low = color * 12.92;
    let high = 1.055 * pow(color, vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(high, low, color <= vec3<f32>(0.0031308));
}

// What is written for an opaque gamma-encoded colour.
fn on_target(color: vec3<f32>) -> vec4<f32> {
    if TARGET_ENCODES {
        return vec4<f32>(linear_from_gamma(color), 1.0);
    }
    return vec4<f32>(color, 1.0);
}
