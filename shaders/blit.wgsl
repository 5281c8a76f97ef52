// The finished picture of the 3D view on the screen, and the crosshair in it.

struct Blit {
    // Top left corner of the rectangle and its size in pixels.
    corner: vec2<f32>,
    size: vec2<f32>,
    // The part of the picture that is drawn, in its pixels.
    used: vec2<f32>,
    pixels_per_point: f32,
    padding: f32,
    // Where the crosshair's three lines begin and end: pixels from the corner, and depth.
    lines: array<vec4<f32>, 6>,
}

@group(0) @binding(0) var<storage, read> blit: Blit;
@group(1) @binding(0) var color: texture_2d<f32>;
@group(1) @binding(1) var depth: texture_2d<f32>;
@group(1) @binding(2) var linear: sampler;

const LINE = vec3<f32>(1.0, 0.86, 0.36);

// How strongly a crosshair line covers a pixel: faintly where something lies before it.
fn line_cover(pixel: vec2<f32>, start: vec4<f32>, end: vec4<f32>, depth_here: f32) -> f32 {
    let way = end.xy - start.xy;
    let along = saturate(dot(pixel - start.xy, way) / max(dot(way, way), 1e-6));
    let distance = length(pixel - (start.xy + along * way));
    let cover = saturate(0.5 + 0.5 * blit.pixels_per_point - distance);
    let is_before = mix(start.z, end.z, along) <= depth_here + 0.004;
    return cover * select(0.18, 0.8, is_before);
}

@fragment
fn draw_blit(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = at.xy - blit.corner;
    let in_picture = clamp(pixel / blit.size * blit.used, vec2<f32>(0.5), blit.used - 0.5);
    var shown = textureSampleLevel(color, linear, in_picture / vec2<f32>(textureDimensions(color)), 0.0).rgb;
    let depth_here = textureLoad(depth, vec2<i32>(in_picture), 0).r;
    var cover = 0.0;
    for (var n = 0; n < 6; n += 2) {
        cover = max(cover, line_cover(pixel, blit.lines[n], blit.lines[n + 1], depth_here));
    }
    shown = mix(shown, LINE, cover);
    return on_target(shown);
}
