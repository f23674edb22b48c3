//! Fast writing of text into a byte buffer.
//!
//! The formatting machinery of the standard library would be most of the run
//! time here, so numbers are turned into digits by hand.

/// Digits of a hexadecimal number.
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Ways of appending text, each returning the buffer so that calls chain.
pub(super) trait Text {
    /// Appends a string.
    fn text(&mut self, text: &str) -> &mut Self;

    /// Appends a number in decimal.
    fn number(&mut self, number: u64) -> &mut Self;

    /// Appends the last `width` decimal digits of a number, zeros included.
    fn digits(&mut self, number: u64, width: usize) -> &mut Self;

    /// Appends a number as 16 hexadecimal digits.
    fn hex(&mut self, number: u64) -> &mut Self;

    /// Appends an IPv4 address in dotted form.
    fn address(&mut self, address: [u8; 4]) -> &mut Self;
}

impl Text for Vec<u8> {
    fn text(&mut self, text: &str) -> &mut Self {
        self.extend_from_slice(text.as_bytes());
        self
    }

    fn number(&mut self, mut number: u64) -> &mut Self {
        // The largest number has 20 digits.
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.extend_from_slice(&digits[start..]);
        self
    }

    fn digits(&mut self, mut number: u64, width: usize) -> &mut Self {
        let start = self.len();
        self.resize(start + width, b'0');
        for digit in self[start..].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self
    }

    fn hex(&mut self, number: u64) -> &mut Self {
        let mut digits = [0; 16];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        self.extend_from_slice(&digits);
        self
    }

    fn address(&mut self, [a, b, c, d]: [u8; 4]) -> &mut Self {
        self.number(a.into()).text(".");
        self.number(b.into()).text(".");
        self.number(c.into()).text(".");
        self.number(d.into())
    }
}
