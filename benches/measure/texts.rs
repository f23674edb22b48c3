//! Text to search in, the same each time: subtitles in three languages, source code, what is rare elsewhere.

/// Words from the most common to the least.
const ENGLISH: &str = "you the I to a it and that of is in me what this for my on your don't have no do know are we be \
    not he was can just get so but with here there like go if right all out up about they her now want come him one \
    she how good see well let will who did why think going got his yeah from when time say take back make would tell \
    us at look as man were gonna something need where then us never could sorry them been has by some too our more or \
    an had over really down little thing into love anything give because off much way two people said find sure help \
    life very thank work night before maybe please mean even any again still wait these those feel after great keep \
    long talk only world through home believe leave call day money house does always stop listen three old mother \
    better father course understand nothing first place around years car kill run away hear woman happen another guy \
    remember dead police boys young brother question important stronger experienced confused opinion towards shoulder \
    frightened quiet exactly journey quickly box jacket zone dozen Doc Mostafa George Jack Paris Queen Will";

const RUSSIAN: &str = "я не что в и ты это на с он как мы да но а нет меня так у все за мне по тебя вы бы то его к \
    есть вот о же если когда мой тебе только кто уже там она для был знаю здесь где хорошо чтобы может от просто нам \
    его ещё давай сейчас их сказать хочу надо был быть человек почему очень время ладно ничего нужно могу было теперь \
    знаешь была думаю потом тут один их спасибо сделать видел чем себя дело жизнь никогда говорить дома друг женщина \
    деньги больше отец пожалуйста сегодня мама правда люди убить делаешь конечно ночь понимаю брат всегда вопрос \
    поехали чувствую щенок цирк Юля Джек Джордж Москва";

const CHINESE: &str = "我 你 的 是 了 不 在 他 我们 好 有 这 就 会 吗 什么 说 她 要 没有 也 很 想 知道 那 都 你们 去 来 吧 \
    他们 可以 一个 人 对 给 能 怎么 做 现在 因为 所以 看 跟 让 到 还 没 别 真的 谢谢 为什么 谁 走 但是 事 时候 想要 告诉 \
    觉得 这里 先生 需要 如果 一起 工作 妈妈 爸爸 朋友 孩子 钱 家 今天 明天 晚上 死 杀 爱 生活 世界 警察 问题 明白 希望 \
    约会 翰林 森林 夏天 洛阳 克服 福气 摩托 斯文";

/// What is looked for in subtitles, each with how often it is there.
type Needles = &'static [(&'static str, &'static str)];

/// A language, its text, one line of it, and needles.
pub(super) type Subtitles = (&'static str, Vec<u8>, &'static str, Needles);

const LONG: &str = "I feel afraid of Mostafa\nHe is stronger and older than I am, and more experienced\nShould I turn \
    back?\nDoc you're beginning to sound like Sherlock Holmes.";

const HUGE: &str = "Since we will meet anyway, then the sooner, the better\nTomorrow in front of the club\nNo, in the \
    house\nI am confused, almost lost\nAs if an invisible hand pushed me towards an unknown fate\nI needed someone by \
    my side\nI needed someone to guide me to the path of security\nBut I had no one\nI felt just as lonely as I had \
    before\nHe is stronger and older than I am, and more experienced\nShould I turn back?\n";

/// Subtitles of some 600 KB for each language, with what is rare in them in the middle.
pub(super) fn subtitles() -> Vec<Subtitles> {
    let planted = |mut text: Vec<u8>, line: &str| {
        let line_end = |from: usize| from + text[from..].iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let (first, second) = (line_end(text.len() / 2), line_end(text.len() / 4 * 3));
        text.splice(second..second, HUGE.bytes().filter(|_| line.is_ascii()));
        text.splice(first..first, line.bytes());
        text
    };
    let len = 600_000;
    let (in_english, in_russian, in_chinese) = (
        "homer, marge, bart, lisa, maggie\nI feel afraid of Mostafa\nHe is stronger and older than I am, and more \
         experienced\nShould I turn back?\nDoc you're beginning to sound like Sherlock Holmes.\n",
        "Ты начинаешь говорить как Шерлок Холмс, доктор.\n",
        "医生，你听起来像夏洛克·福尔摩斯。\n",
    );
    vec![
        (
            "en",
            planted(english(len), in_english),
            "Doc you're beginning to sound like Sherlock Holmes.",
            &[
                ("never 1", "John Watson"),
                ("never 2", "sternness"),
                ("never 3", "quartz"),
                ("never 4", "  "),
                ("rare 1", "Sherlock Holmes"),
                ("rare 2", "Sherlock"),
                ("rare 3", "homer, marge, bart, lisa, maggie"),
                ("rare 4", LONG),
                ("rare 5", HUGE),
                ("common 1", "that"),
                ("common 2", "you"),
                ("common 3", " "),
            ],
        ),
        (
            "ru",
            planted(prose(RUSSIAN, " ", len, 2), in_russian),
            "Ты начинаешь говорить как Шерлок Холмс, доктор.",
            &[
                ("never 1", "Джон Уотсон"),
                ("rare 1", "Шерлок Холмс"),
                ("rare 2", "Шерлок"),
                ("common 1", "что"),
                ("common 2", "не"),
                ("common 3", " "),
            ],
        ),
        (
            "zh",
            planted(prose(CHINESE, "", len, 3), in_chinese),
            "医生，你听起来像夏洛克·福尔摩斯。",
            &[
                ("never 1", "约翰·沃森"),
                ("rare 1", "夏洛克·福尔摩斯"),
                ("rare 2", "夏洛克"),
                ("common 1", "那"),
                ("common 2", "不"),
                ("common 3", " "),
            ],
        ),
    ]
}

/// English text.
pub(super) fn english(len: usize) -> Vec<u8> {
    prose(ENGLISH, " ", len, 1)
}

/// English words, short and long.
pub(super) fn words() -> Vec<String> {
    let mut words: Vec<String> = ENGLISH.split_whitespace().filter(|word| word.len() > 1).map(str::to_owned).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// Lines of words that are the rarer the further back they stand in the list, with the marks of subtitles.
fn prose(words: &str, space: &str, len: usize, seed: u64) -> Vec<u8> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut random = Random(seed);
    let mut text = String::new();
    while text.len() < len {
        for i in 0..2 + random.below(9) {
            // Roughly as words of a language: a few are most of the text.
            let rank = random.below(words.len()) * random.below(words.len()) / words.len();
            let word = words[rank * (rank + 1 + words.len() / 8) / (words.len() + words.len() / 8)];
            match i {
                0 => text.extend(word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1))),
                _ => text.extend([
                    if random.below(12) == 0 { "," } else { "" },
                    if space.is_empty() && random.below(5) > 0 { "" } else { " " },
                    word,
                ]),
            }
        }
        text += [".\n", "\n", "?\n", "!\n", "...\n", "\n"][random.below(6)];
    }
    text.into_bytes()
}

/// Source code, about 1.4 MB.
pub(super) fn code() -> Vec<u8> {
    let nouns = ["iter", "len", "value", "index", "buf", "path", "node", "start", "key", "slice", "result", "state"];
    let types = ["usize", "u8", "T", "Option<T>", "&str", "Vec<u8>", "io::Result<()>", "K", "char", "bool", "i32"];
    let mut random = Random(5);
    let mut code = String::new();
    let mut pick = |list: &[&'static str]| list[random.below(list.len())];
    for item in 0..4_000 {
        let (a, b, c, t, u) = (pick(&nouns), pick(&nouns), pick(&nouns), pick(&types), pick(&types));
        code += &format!(
            "    /// Returns the {a} of the {b}, if there is one.\n    ///\n    /// # Examples\n    ///\n    /// ```\n"
        );
        code +=
            &format!("    /// let {a} = {b}.{c}();\n    /// assert_eq!({a}, {item});\n    /// ```\n    #[inline]\n");
        code += &format!("    #[stable(feature = \"rust1\", since = \"1.{}.0\")]\n", item % 60);
        code += &format!("    pub fn {a}_{b}(&self, {c}: {t}) -> {u} {{\n        let {b} = self.{a}.{c}({c});\n");
        code += &format!(
            "        if {b}.is_some() && !self.{c}.is_empty() {{\n            return unsafe {{ {a}::{b}({c}) }};\n"
        );
        code +=
            "        }\n        let (lower, _) = self.size_hint();\n        mem::swap(&mut self.0, lower)\n    }\n\n";
        if item % 250 == 0 {
            code += "    pub fn is_empty(&self) -> bool {\n        self.len() == 0\n    }\n\n";
        }
        if item == 3_000 {
            code += "    pub fn from_str(s: &str) -> Self {\n        Self(s.to_owned())\n    }\n\n";
        }
    }
    code.into_bytes()
}

/// Random letters.
pub(super) fn letters(alphabet: &[u8], len: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    (0..len).map(|_| alphabet[random.below(alphabet.len())]).collect()
}

/// Something like machine code and tables: half of it zeros and 0xff, the rest of a few dozen other values.
pub(super) fn binary(len: usize) -> Vec<u8> {
    let mut random = Random(7);
    let mut byte = || match random.below(8) {
        0..3 => 0,
        3 => 0xff,
        4 => [0xdd, 0xe8, 0x83, 0x8b][random.below(4)],
        _ => (random.below(16) * random.below(16)) as u8,
    };
    (0..len).map(|_| byte()).collect()
}

/// A linear congruential generator: few bits are needed, and the same ones each time.
struct Random(u64);

impl Random {
    fn below(&mut self, upto: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 33) * upto as u64) >> 31) as usize
    }
}
