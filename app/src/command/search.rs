//! Finding names by a few of their letters.

/// How well a text matches what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The higher, the better.
    pub score: i32,
    /// The letters that were found, as byte offsets into the text, rising.
    pub letters: Vec<usize>,
}

/// For the first letter of the text.
const AT_START: i32 = 14;
/// For the first letter of another word.
const AT_WORD: i32 = 10;
/// For a letter right behind the one before.
const IN_A_ROW: i32 = 8;
/// For any other letter.
const ANYWHERE: i32 = 1;
/// Against each letter passed over between two that were found, up to a few.
const PASSED_OVER: i32 = 1;
const MOST_PASSED_OVER: i32 = 6;
/// For a word of the query that is a whole word of the text.
const WHOLE_WORD: i32 = 12;
/// Longer than this is no name; looking for it would take long.
const LONGEST: usize = 200;

/// Looks for each word of a query in a text: its letters, in their order, with others between them, whatever their case. The
/// order of the words does not matter: `liver paint` finds *Paint liver*, and so do `pliv` and `pl`. `None` if any word is not
/// there. Everything matches an empty query, with a score of 0.
#[must_use]
pub fn find(query: &str, text: &str) -> Option<Match> {
    let letters: Vec<Letter> = letters_of(text);
    let mut all = Match { score: 0, letters: Vec::new() };
    for word in query.split_whitespace() {
        let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).take(LONGEST).collect();
        let found = best(&wanted, &letters)?;
        all.score += found.score;
        all.letters.extend(found.letters);
    }
    all.letters.sort_unstable();
    all.letters.dedup();
    if all.score > 0 {
        // Of two that match alike, the shorter says less that was not asked for.
        all.score -= letters.len() as i32 / 8;
    }
    Some(all)
}

struct Letter {
    offset: usize,
    lower: char,
    is_word_start: bool,
}

fn letters_of(text: &str) -> Vec<Letter> {
    let mut before: Option<char> = None;
    let letter = |(offset, letter): (usize, char)| {
        let is_word_start = match before {
            None => true,
            Some(before) => !before.is_alphanumeric() || (before.is_lowercase() && letter.is_uppercase()),
        };
        before = Some(letter);
        Letter { offset, lower: letter.to_lowercase().next().unwrap_or(letter), is_word_start: is_word_start && letter.is_alphanumeric() }
    };
    text.char_indices().take(LONGEST).map(letter).collect()
}

/// The best way to find the letters of a word in their order, by dynamic programming over (letter wanted, letter of the text).
fn best(wanted: &[char], text: &[Letter]) -> Option<Match> {
    // scores[w][t]: the best score with letter w of the word found at t; came[w][t]: where the one before was found.
    let mut scores = vec![vec![None::<i32>; text.len()]; wanted.len()];
    let mut came = vec![vec![0usize; text.len()]; wanted.len()];
    for (w, letter) in wanted.iter().enumerate() {
        for (t, here) in text.iter().enumerate().filter(|(_, here)| here.lower == *letter) {
            let place = match (t, here.is_word_start) {
                (0, _) => AT_START,
                (_, true) => AT_WORD,
                _ => ANYWHERE,
            };
            if w == 0 {
                scores[w][t] = Some(place);
                continue;
            }
            for before in 0..t {
                let Some(score) = scores[w - 1][before] else { continue };
                let passed = (t - before - 1) as i32;
                let way = if passed == 0 { IN_A_ROW.max(place) } else { place - (passed * PASSED_OVER).min(MOST_PASSED_OVER) };
                if scores[w][t].is_none_or(|known| known < score + way) {
                    scores[w][t] = Some(score + way);
                    came[w][t] = before;
                }
            }
        }
    }
    let last = scores.last()?;
    let (mut at, mut score) =
        (0..text.len()).filter_map(|t| last[t].map(|score| (t, score))).max_by_key(|&(t, score)| (score, text.len() - t))?;
    let mut places = vec![at];
    for w in (1..wanted.len()).rev() {
        at = came[w][at];
        places.push(at);
    }
    places.reverse();
    let (first, last) = (places[0], places[places.len() - 1]);
    let ends_word = text.get(last + 1).is_none_or(|next| !next.lower.is_alphanumeric());
    if text[first].is_word_start && ends_word && last - first + 1 == wanted.len() {
        score += WHOLE_WORD;
    }
    Some(Match { score, letters: places.into_iter().map(|t| text[t].offset).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts that match, best first.
    fn ranked<'a>(query: &str, texts: &[&'a str]) -> Vec<&'a str> {
        let mut found: Vec<(i32, &str)> = texts.iter().filter_map(|text| find(query, text).map(|found| (found.score, *text))).collect();
        found.sort_by_key(|(score, _)| -score);
        found.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn initials_beginnings_and_letters_in_a_row_come_first() {
        let texts = ["Save mask", "Smaller brush", "Reset views", "Save mask as…", "Radiological or neurological", "Eraser", "Propose"];
        assert_eq!(ranked("sm", &texts)[..2], ["Smaller brush", "Save mask"], "a beginning, then initials");
        assert_eq!(ranked("rv", &texts)[0], "Reset views");
        assert_eq!(ranked("er", &texts)[0], "Eraser");
        assert_eq!(ranked("mask", &texts)[..2], ["Save mask", "Save mask as…"]);
        assert_eq!(ranked("propos", &texts), ["Propose"]);
        assert_eq!(ranked("xyz", &texts), Vec::<&str>::new());
    }

    #[test]
    fn words_are_found_in_any_order_and_case() {
        let texts = ["Paint liver", "Paint left kidney", "Window: Liver", "Open case liver_02"];
        assert_eq!(ranked("LIVER paint", &texts), ["Paint liver"]);
        assert_eq!(ranked("paint l", &texts), ["Paint liver", "Paint left kidney"]);
        assert_eq!(ranked("liver", &texts).len(), 3);
        assert_eq!(ranked("", &texts).len(), 4);
    }

    #[test]
    fn a_whole_word_is_better_than_a_part_of_one() {
        assert_eq!(ranked("bone", &["Window: Bonework", "Window: Bone"])[0], "Window: Bone");
    }

    #[test]
    fn the_letters_found_are_where_they_are_said_to_be() {
        let found = find("öé", "Größe é").expect("found");
        let letters: String = found.letters.iter().map(|&at| "Größe é"[at..].chars().next().expect("a letter")).collect();
        assert_eq!(letters, "öé");
        assert_eq!(find("", "anything"), Some(Match { score: 0, letters: vec![] }));
        assert_eq!(find("ab", "ba"), None);
    }
}
