#include "apps/data/layouts/name_keys.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "apps/files/names.h"

namespace dmf {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

/// Whether a word or number would be cut between these two characters.
bool is_within(char a, char b) {
  return (is_digit(a) && is_digit(b)) || (is_letter(a) && is_letter(b));
}

std::string without_zeros(const std::string& number) {
  const std::size_t first = number.find_first_not_of('0');
  return first == std::string::npos ? "0" : number.substr(first);
}

bool is_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

}  // namespace

std::string name_key(const std::filesystem::path& path) {
  return text_key(path.stem().string());
}

std::string text_key(const std::string& text) {
  std::string key;
  for (const char c : lower_case(text)) {
    if (c != '-' && c != '_' && c != ' ') {
      key += c;
    } else if (!key.empty() && key.back() != '_') {
      key += '_';
    }
  }
  if (!key.empty() && key.back() == '_') key.pop_back();
  return key;
}

bool is_mask_word(std::string_view word) {
  static const std::set<std::string_view> kWords = {
      "mask",         "masks",       "label", "labels",      "seg",           "segs",
      "segmentation", "gt",          "gts",   "groundtruth", "segmentations", "segmented",
      "annotation",   "annotations", "annot", "lesion",      "lesions",       "tumor",
      "tumour",       "nodule",      "roi",   "truth",       "ground"};
  return kWords.contains(word);
}

bool is_image_word(std::string_view word) {
  static const std::set<std::string_view> kWords = {
      "bus", "image", "images", "img", "imgs", "original", "originals", "orig", "us"};
  return kWords.contains(word);
}

std::vector<std::string> words_of(std::string_view key) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool cut = i > 0 && ((is_digit(key[i - 1]) && is_letter(key[i])) ||
                               (is_letter(key[i - 1]) && is_digit(key[i])));
    if ((cut || key[i] == '_') && !words.back().empty()) words.emplace_back();
    if (key[i] != '_') words.back() += key[i];
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::string bare_key(std::string_view key) {
  std::vector<std::string> kept;
  for (const std::string& word : words_of(key)) {
    if (is_mask_word(word) || is_image_word(word)) continue;
    kept.push_back(is_number(word) ? without_zeros(word) : word);
  }
  return fmt::format("{}", fmt::join(kept, "_"));
}

std::vector<std::string> numbers_in(std::string_view key) {
  std::vector<std::string> numbers;
  std::string number;
  for (std::size_t i = 0; i <= key.size(); ++i) {
    if (i < key.size() && is_digit(key[i])) {
      number += key[i];
    } else if (!number.empty()) {
      numbers.push_back(without_zeros(number));
      number.clear();
    }
  }
  return numbers;
}

std::optional<Affix> affix_around(std::string_view whole, std::string_view inner, std::size_t at) {
  const std::size_t end = at + inner.size();
  const auto known_word = [](std::string_view word) {
    return is_mask_word(word) || is_image_word(word);
  };
  Affix affix{std::string(whole.substr(0, at)), std::string(whole.substr(end)), "", true, false};
  // "leftmask" is "left" and "mask", but "lefty" is not "left".
  if (at > 0 && is_within(whole[at - 1], inner.front()) && !known_word(affix.prefix)) return {};
  if (end < whole.size() && is_within(inner.back(), whole[end])) {
    const std::vector<std::string> words = words_of(affix.suffix);
    if (is_digit(whole[end]) || words.empty() || !known_word(words.front())) return {};
  }
  const auto look_at = [&](const std::string& word) {
    affix.is_known = affix.is_known && known_word(word);
    affix.has_mask_word = affix.has_mask_word || is_mask_word(word);
  };
  for (const std::string& word : words_of(affix.prefix)) look_at(word);
  std::string suffix;
  for (const std::string& word : words_of(affix.suffix)) {
    const bool in_brackets = word.size() > 2 && word.front() == '(' && word.back() == ')';
    const std::string plain = in_brackets ? word.substr(1, word.size() - 2) : word;
    if (is_number(plain) && affix.number.empty()) {
      affix.number = without_zeros(plain);
    } else {
      look_at(word);
      suffix += "_" + word;
    }
  }
  affix.suffix = suffix;
  return affix;
}

CommonAffix common_affix(const std::vector<std::string>& keys) {
  CommonAffix affix;
  if (keys.size() < 2) return affix;
  const std::string& first = keys.front();
  std::size_t shortest = first.size(), prefix = first.size(), suffix = first.size();
  for (const std::string& key : keys) {
    shortest = std::min(shortest, key.size());
    prefix = std::min(prefix,
                      static_cast<std::size_t>(
                          std::mismatch(first.begin(), first.end(), key.begin(), key.end()).first -
                          first.begin()));
    suffix = std::min(
        suffix, static_cast<std::size_t>(
                    std::mismatch(first.rbegin(), first.rend(), key.rbegin(), key.rend()).first -
                    first.rbegin()));
  }
  if (shortest == 0) return affix;
  affix.prefix = std::min(prefix, shortest - 1);
  affix.suffix = std::min(suffix, shortest - 1 - affix.prefix);
  const auto cuts_number = [&](bool at_start) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
      const std::size_t at = at_start ? affix.prefix : key.size() - affix.suffix;
      return at > 0 && at < key.size() && is_digit(key[at - 1]) && is_digit(key[at]);
    });
  };
  while (affix.prefix > 0 && cuts_number(true)) --affix.prefix;
  while (affix.suffix > 0 && cuts_number(false)) --affix.suffix;
  return affix;
}

std::string without_affix(const std::string& key, const CommonAffix& affix) {
  return key.substr(affix.prefix, key.size() - affix.prefix - affix.suffix);
}

bool fits_glob(const std::filesystem::path& path, const std::string& glob) {
  const std::string name = path.filename().string();
  const std::string longer = (path.parent_path().filename() / name).string();
  return ::fnmatch(glob.c_str(), name.c_str(), FNM_CASEFOLD) == 0 ||
         ::fnmatch(glob.c_str(), longer.c_str(), FNM_CASEFOLD) == 0;
}

}  // namespace dmf
