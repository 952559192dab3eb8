#include "apps/report/headline.h"

#include <fmt/format.h>

#include "apps/page/html.h"
#include "apps/support/text.h"

namespace dmf {
namespace {

/// In millimetres where all files tell them.
std::string distance_text(const Scoreboard& board, double Estimate::*number) {
  if (const Estimate* mm = board.find("per_image", "hd95_mm", "lesion")) {
    return fmt::format("{:.1f} mm", mm->*number);
  }
  return fmt::format("{:.1f} px", board.at("per_image", "hd95", "lesion").*number);
}

constexpr std::size_t kFewImages = 20;  // of which an interval is wide and not to be trusted

/// "missed 1 of 83"
std::string missed_text(const Scoreboard& board) {
  return fmt::format("{} of {}", board.missed, board.with_lesion);
}

std::string card(const std::string& name, const std::string& value, const std::string& below,
                 bool large = false) {
  return fmt::format("<div class=\"card{}\"><span>{}</span><b>{}</b><span>{}</span></div>\n",
                     large ? " large" : "", escaped(name), escaped(value), escaped(below));
}

std::string cards_of(const Scoreboard& board) {
  std::string text = "<div class=\"cards\">\n";
  if (const Estimate* dice = board.find("per_image", "dice", "lesion")) {
    const auto mean_of = [&](const char* metric) {
      return board.at("per_image", metric, "lesion").value;
    };
    text += card(
        fmt::format("lesion Dice, mean of {} test image{}", board.with_lesion,
                    board.with_lesion == 1 ? "" : "s"),
        fmt::format("{:.3f}", dice->value),
        fmt::format("95 % interval {:.3f} to {:.3f}, bootstrap over images", dice->low, dice->high),
        true);
    text += card("lesions missed", missed_text(board), "nothing of them found");
    text += card("95 % Hausdorff distance", distance_text(board, &Estimate::value),
                 fmt::format("{} to {}", distance_text(board, &Estimate::low),
                             distance_text(board, &Estimate::high)));
    text += card("precision / recall",
                 fmt::format("{:.2f} / {:.2f}", mean_of("precision"), mean_of("recall")),
                 "of the lesion, mean over images");
  }
  if (const Estimate* alarms = board.find("lesion_free", "false_positive_rate", "lesion")) {
    text += card("false alarms", fmt::format("{:.0f} %", 100.0 * alarms->value),
                 fmt::format("of {} images without a lesion", board.images - board.with_lesion));
  }
  return text + "</div>\n";
}

}  // namespace

std::string headline_lines(const Scoreboard& board) {
  std::vector<std::string> parts;
  if (const Estimate* dice = board.find("per_image", "dice", "lesion")) {
    parts.push_back(fmt::format(
        "lesion Dice {:.3f} ({:.3f} to {:.3f}), mean over {} image{} with lesion", dice->value,
        dice->low, dice->high, board.with_lesion, board.with_lesion == 1 ? "" : "s"));
    parts.push_back(fmt::format(
        "missed {}; precision {:.2f}, recall {:.2f}; 95 % Hausdorff {}", missed_text(board),
        board.at("per_image", "precision", "lesion").value,
        board.at("per_image", "recall", "lesion").value, distance_text(board, &Estimate::value)));
  }
  if (const Estimate* alarms = board.find("lesion_free", "false_positive_rate", "lesion")) {
    parts.push_back(fmt::format("false alarms in {:.0f} % of {} images without lesion",
                                100.0 * alarms->value, board.images - board.with_lesion));
  }
  std::string text;
  for (const std::string& part : parts) {
    text += fmt::format("{:<10}{}\n", text.empty() ? "test" : "", part);
  }
  return text;
}

std::string headline_sentence(const Scoreboard& board, const Provenance& from) {
  const Estimate* dice = board.find("per_image", "dice", "lesion");
  if (dice == nullptr) {
    return fmt::format("On {} held-out images without a lesion ({}) {:.0f} % had a false alarm.",
                       board.images, from.split,
                       100.0 * board.at("lesion_free", "false_positive_rate", "lesion").value);
  }
  const std::string missed = board.missed == 0 ? "no lesion was missed"
                             : board.missed == 1
                                 ? "one lesion was missed"
                                 : fmt::format("{} lesions were missed", board.missed);
  return fmt::format(
      "On {} held-out {}images with a lesion ({}) the mean per-image lesion Dice was {:.3f} (95 % "
      "bootstrap interval {:.3f} to {:.3f}); {}.",
      board.with_lesion, from.simulated ? "simulated " : "", from.split, dice->value, dice->low,
      dice->high, missed);
}

std::vector<std::string> read_first(const Scoreboard* board, const Provenance& from) {
  std::vector<std::string> lines = cautions_of(from);
  if (board != nullptr && board->images < kFewImages) {
    lines.push_back(fmt::format("{} test image{}: no number of so few says much.", board->images,
                                board->images == 1 ? "" : "s"));
  }
  if (from.split.starts_with("random")) {
    lines.emplace_back(
        "A random split may put near-duplicates of one image on both sides; --split grouped does "
        "not.");
  }
  for (const std::string& warning : from.warnings) lines.push_back(warning_text(warning));
  return lines;
}

void add_headline(Page& page, const Scoreboard* board, const Provenance& from) {
  std::string body;
  if (board != nullptr) body += cards_of(*board);
  body += read_first_html(read_first(board, from));
  if (board != nullptr) {
    body += fmt::format("<p class=\"note\">For a paper: <span class=\"copy\">{}</span></p>\n",
                        escaped(headline_sentence(*board, from)));
  }
  page.add(board != nullptr ? "Result" : "Training goes on", "", body);
}

}  // namespace dmf
