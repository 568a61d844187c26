//! A set of words that lie close together, as pages of bits.
//!
//! Serial numbers, and packed keys of them, fill whole stretches of the words there are: a bit a word
//! then takes a hundredth of what a hash table takes, and words that come one after the other fall into
//! the same few cache lines.

use super::table::Table;

/// Words in a page.
const PAGE: u64 = 1 << PAGE_BITS;
pub(super) const PAGE_BITS: u32 = 15;

/// Bits of a page, 64 to an element.
type Page = [u64; (PAGE / 64) as usize];

/// Pages of bits, found by number.
#[derive(Debug, Default)]
pub(super) struct Dense {
    numbers: Table<u64, u32>,
    pages: Vec<Box<Page>>,
    len: usize,
    /// The page looked at last: its number and where it is.
    last: Option<(u64, u32)>,
}

impl Dense {
    /// Number of words.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        Self::bytes_of(self.pages.len())
    }

    /// Bytes of so many pages.
    pub(super) fn bytes_of(pages: usize) -> usize {
        pages * size_of::<Page>()
    }

    /// Adds each word and calls `seen` with its index and whether it is new.
    pub(super) fn insert_each(&mut self, words: &[u64], mut seen: impl FnMut(usize, bool)) {
        for (index, word) in words.iter().enumerate() {
            let (number, offset) = (word >> PAGE_BITS, word & (PAGE - 1));
            let at = match self.last {
                Some((last, at)) if last == number => at,
                _ => self.page(number),
            };
            let bits = &mut self.pages[at as usize][(offset / 64) as usize];
            let bit = 1 << (offset % 64);
            let new = *bits & bit == 0;
            *bits |= bit;
            self.len += usize::from(new);
            seen(index, new);
        }
    }

    /// Calls `each` with every word, in no order that means anything.
    pub(super) fn for_each(&self, mut each: impl FnMut(u64)) {
        self.numbers.for_each(|number, at| {
            for (element, bits) in self.pages[*at as usize].iter().enumerate() {
                let mut bits = *bits;
                while bits != 0 {
                    each((number << PAGE_BITS) | (element as u64 * 64) | u64::from(bits.trailing_zeros()));
                    bits &= bits - 1;
                }
            }
        });
    }

    /// Finds or adds a page.
    fn page(&mut self, number: u64) -> u32 {
        let next = self.pages.len() as u32;
        let mut at = next;
        self.numbers.insert_each(&[number], |_| next, |_, found, _| at = *found);
        if at == next {
            self.pages.push(Box::new([0; (PAGE / 64) as usize]));
        }
        self.last = Some((number, at));
        at
    }
}
