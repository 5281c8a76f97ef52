//! Numbers in JSON to the last bit: reading decimals back may be off by one.

use serde_json::Value;

const MARK: &str = "f64:";

/// Every floating-point number as its bits.
pub(super) fn packed(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::String(format!("{MARK}{:016x}", number.as_f64().unwrap_or_default().to_bits())),
        Value::Array(items) => items.into_iter().map(packed).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, packed(value))).collect(),
        other => other,
    }
}

/// The numbers again.
pub(super) fn unpacked(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(MARK).and_then(|bits| u64::from_str_radix(bits, 16).ok()) {
            Some(bits) => Value::from(f64::from_bits(bits)),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(unpacked).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, unpacked(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_bit_survives_text() {
        let numbers = [0.1 + 0.2, 1.0, -0.0, f64::MIN_POSITIVE / 7.0, 1e300 / 3.0];
        let value = json!({ "sums": numbers, "step": 7, "name": "f64", "deep": { "none": null } });
        let text = packed(value.clone()).to_string();
        let read = unpacked(serde_json::from_str(&text).expect("JSON"));
        let bits =
            |value: &Value| -> Vec<u64> { (0..numbers.len()).filter_map(|at| value["sums"][at].as_f64()).map(f64::to_bits).collect() };
        assert_eq!(bits(&read), numbers.map(f64::to_bits));
        assert_eq!(read, value);
    }
}
