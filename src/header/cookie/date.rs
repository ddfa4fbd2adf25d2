//! Dates in cookies (RFC 6265bis, 5.1.1): words in any order, of which the first that fits is the time, the day, the
//! month and the year each.

use crate::header::part::Part;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether browsers read a date here; they pass over an `Expires` without one.
pub fn is_date(part: Part<'_>) -> Option<bool> {
    part.known().map(|text| read(text).is_some())
}

#[derive(Default)]
struct Date {
    time: Option<[u32; 3]>,
    day: Option<u32>,
    month: Option<u32>,
    year: Option<u32>,
}

fn read(text: &str) -> Option<()> {
    let between =
        |letter: char| matches!(letter, '\t' | '\x20'..='\x2f' | '\x3b'..='\x40' | '\x5b'..='\x60' | '\x7b'..='\x7e');
    let mut date = Date::default();
    for word in text.split(between).filter(|word| !word.is_empty()) {
        if date.time.is_none()
            && let Some(time) = time(word)
        {
            date.time = Some(time);
        } else if date.day.is_none()
            && let Some(day) = digits(word, 1, 2)
        {
            date.day = Some(day);
        } else if date.month.is_none()
            && let Some(month) = month(word)
        {
            date.month = Some(month);
        } else if date.year.is_none()
            && let Some(year) = digits(word, 2, 4)
        {
            date.year = Some(match year {
                70..=99 => year + 1900,
                0..=69 => year + 2000,
                _ => year,
            });
        }
    }
    let ([hour, minute, second], day, month, year) = (date.time?, date.day?, date.month?, date.year?);
    let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let exists = (1..=days).contains(&day) && year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
    exists.then_some(())
}

/// So many digits, and after them nothing or something that begins with no digit.
fn digits(word: &str, least: usize, most: usize) -> Option<u32> {
    let count = word.bytes().take_while(u8::is_ascii_digit).count();
    if (least..=most).contains(&count) { word.get(..count)?.parse().ok() } else { None }
}

fn time(word: &str) -> Option<[u32; 3]> {
    let mut parts = word.splitn(3, ':');
    let mut whole = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (hour, minute) = (digits(whole()?, 1, 2)?, digits(whole()?, 1, 2)?);
    Some([hour, minute, digits(parts.next()?, 1, 2)?])
}

fn month(word: &str) -> Option<u32> {
    let begin = word.get(..3)?;
    (1..).zip(MONTHS).find(|(_, month)| begin.eq_ignore_ascii_case(month)).map(|(number, _)| number)
}
