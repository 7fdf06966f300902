//! The questions of a load, and the capitals that are the right replies.

use socklab_core::uppercase;

/// How many digits a question begins with: they are the same in capitals.
pub(crate) const DIGITS: usize = CONNECTION_DIGITS + NUMBER_DIGITS;

const CONNECTION_DIGITS: usize = 5;
const NUMBER_DIGITS: usize = 11;

/// How many connections their digits can tell apart.
pub(crate) const MOST_CONNECTIONS: u32 = 10_u32.pow(CONNECTION_DIGITS as u32) - 1;

/// The number of a load's first question is below this, so that the digits have room for as many
/// questions again.
pub(crate) const MAX_FIRST_NUMBER: u64 = 10_u64.pow(NUMBER_DIGITS as u32) / 2;

const LETTERS: &str = " el ñandú cruzó la pampa más húmeda del año, según el pingüino";
const ASCII: &str = " the quick brown fox jumps over the lazy dog, says the penguin";

/// The text of all questions of a load. It begins with digits, which say which connection asks and
/// which of its questions it is; the letters after them are the same in all questions.
///
/// No question's capitals are `FIN`, which would end a server: it begins with a digit.
#[derive(Debug)]
pub(crate) struct QuestionTemplate {
    question: Vec<u8>,
    capitals: Vec<u8>,
}

/// What a reply turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The right reply to this connection's question of that number.
    Right(u64),
    /// Any other text. If its digits name this connection, the number of the question.
    Wrong(Option<u64>),
}

impl QuestionTemplate {
    /// Questions of `len` bytes, of ASCII letters alone or with those that Spanish needs.
    pub(crate) fn new(len: usize, ascii: bool) -> QuestionTemplate {
        let mut text = "0".repeat(DIGITS);
        for letter in if ascii { ASCII } else { LETTERS }.chars().cycle() {
            if text.len() + letter.len_utf8() > len {
                break;
            }
            text.push(letter);
        }
        // A letter of two bytes may not fit at the end.
        while text.len() < len {
            text.push('z');
        }
        let mut capitals = Vec::new();
        uppercase::upper(text.as_bytes(), &mut capitals);
        QuestionTemplate {
            question: text.into_bytes(),
            capitals,
        }
    }

    /// How long a right reply is.
    pub(crate) fn reply_len(&self) -> usize {
        self.capitals.len()
    }

    /// A question to be copied and [numbered](Self::number): its digits are all zero.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.question
    }

    /// Writes the digits of a question.
    pub(crate) fn number(connection: u32, number: u64, question: &mut [u8]) {
        write_digits(u64::from(connection), &mut question[..CONNECTION_DIGITS]);
        write_digits(number, &mut question[CONNECTION_DIGITS..DIGITS]);
    }

    /// The right reply.
    pub(crate) fn reply(&self, connection: u32, number: u64) -> Vec<u8> {
        let mut reply = self.capitals.clone();
        QuestionTemplate::number(connection, number, &mut reply);
        reply
    }

    /// What a reply to `connection` is. Every byte of it is compared.
    pub(crate) fn read(&self, connection: u32, reply: &[u8]) -> Content {
        let Some((digits, letters)) = reply.split_at_checked(DIGITS) else {
            return Content::Wrong(None);
        };
        let (who, which) = digits.split_at(CONNECTION_DIGITS);
        let number = match (parse_digits(who), parse_digits(which)) {
            (Some(who), Some(number)) if who == u64::from(connection) => number,
            _ => return Content::Wrong(None),
        };
        if letters == &self.capitals[DIGITS..] {
            Content::Right(number)
        } else {
            Content::Wrong(Some(number))
        }
    }
}

fn write_digits(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn parse_digits(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &QuestionTemplate, connection: u32, number: u64) -> Vec<u8> {
        let mut question = text.bytes().to_vec();
        QuestionTemplate::number(connection, number, &mut question);
        question
    }

    #[test]
    fn what_is_sent_and_what_must_come() {
        let text = QuestionTemplate::new(32, false);
        let sent = question(&text, 7, 1_234_567);
        assert_eq!(
            String::from_utf8(sent).unwrap(),
            "0000700001234567 el ñandú cruz"
        );
        let reply = text.reply(7, 1_234_567);
        assert_eq!(
            String::from_utf8(reply.clone()).unwrap(),
            "0000700001234567 EL ÑANDÚ CRUZ"
        );
        assert_eq!(text.read(7, &reply), Content::Right(1_234_567));
    }

    #[test]
    fn any_length_is_text_and_never_ends_a_server() {
        for len in DIGITS..200 {
            for ascii in [false, true] {
                let text = QuestionTemplate::new(len, ascii);
                let sent = question(&text, 99_999, MAX_FIRST_NUMBER * 2 - 1);
                assert_eq!(sent.len(), len);
                assert!(std::str::from_utf8(&sent).is_ok());
                assert_eq!(sent.is_ascii(), ascii || len < DIGITS + 6);
                let mut capitals = Vec::new();
                uppercase::upper(&sent, &mut capitals);
                assert_ne!(capitals, b"FIN");
                assert_eq!(
                    text.read(99_999, &capitals),
                    Content::Right(MAX_FIRST_NUMBER * 2 - 1)
                );
            }
        }
    }

    #[test]
    fn one_wrong_byte_anywhere_is_seen() {
        let text = QuestionTemplate::new(40, false);
        let right = text.reply(3, 41);
        for at in 0..right.len() {
            let mut reply = right.clone();
            reply[at] ^= 0x40;
            let number = (at >= DIGITS).then_some(41);
            assert_eq!(text.read(3, &reply), Content::Wrong(number), "{at}");
        }
        let mut longer = right.clone();
        longer.push(b'!');
        assert_eq!(text.read(3, &longer), Content::Wrong(Some(41)));
        assert_eq!(text.read(3, &right[..39]), Content::Wrong(Some(41)));
        assert_eq!(text.read(3, b""), Content::Wrong(None));
        // Somebody else's.
        assert_eq!(text.read(4, &right), Content::Wrong(None));
        // Not in capitals.
        assert_eq!(
            text.read(3, &question(&text, 3, 41)),
            Content::Wrong(Some(41))
        );
    }
}
