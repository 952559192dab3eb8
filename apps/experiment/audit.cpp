#include "apps/experiment/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "engine/core/check.h"

namespace dmf {
namespace {

/// A printed number: anything within half a unit of its last digit. In [0, 1].
struct Printed {
  std::string text;
  double value = 0.0, half = 0.0;
  double least() const { return std::max(0.0, value - half); }
  double most() const { return std::min(1.0, value + half); }
};
using Cell = std::optional<Printed>;

/// What a column is called when case and punctuation are left out, and what we call it.
const std::map<std::string, std::string> kColumns = {{"dice", "dice"},
                                                     {"dsc", "dice"},
                                                     {"iou", "iou"},
                                                     {"jaccard", "iou"},
                                                     {"precision", "precision"},
                                                     {"recall", "recall"},
                                                     {"sensitivity", "recall"},
                                                     {"f1", "f1"},
                                                     {"f1score", "f1"},
                                                     {"cbdice", "cb_dice"},
                                                     {"lesionshare", "lesion_share"}};

/// Our name of a column, or an empty text for one that is a label.
std::string score_named(const std::string& column) {
  std::string bare;
  for (const char c : column) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      bare += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  const auto found = kColumns.find(bare);
  return found == kColumns.end() ? "" : found->second;
}

/// The number of a cell without what may stand behind it: a percent sign, a deviation ("± 0.3",
/// "(0.3)").
std::string number_part(const std::string& cell) {
  const std::string digits = "+-.0123456789";
  const std::size_t begin = cell.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  const std::size_t end = std::min(cell.find_first_not_of(digits, begin), cell.size());
  const std::string rest = cell.substr(std::min(cell.find_first_not_of(' ', end), cell.size()));
  const bool known = rest.empty() || rest[0] == '%' || rest[0] == '(' || rest.starts_with("±");
  return known ? cell.substr(begin, end - begin) : cell;
}

Cell cell_of(const CsvTable& table, std::size_t row, const std::string& column, double scale) {
  const std::string& text = table.text(row, column);
  if (text.empty()) return std::nullopt;
  const double value = table.number(row, column) * scale;
  DMF_CHECK(value >= 0.0 && value <= 1.0, IoError,
            "[audit] {} row {}, column '{}': '{}' is no score between 0 and {}.", table.name,
            row + 1, column, text, 1.0 / scale);
  const std::size_t point = text.find('.');
  const auto digits = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  return Printed{text, value, 0.5 * std::pow(10.0, -digits) * scale};
}

double harmonic_mean(double a, double b) {
  return a + b > 0.0 ? 2.0 * a * b / (a + b) : 0.0;
}

double iou_of_dice(double dice) {
  return dice / (2.0 - dice);
}

/// The largest IoU of two pooled classes whose mean Dice is given: the one where the background is
/// perfect.
double most_pooled_iou(double dice) {
  return dice <= 0.5 ? dice : 0.5 * (1.0 + (2.0 * dice - 1.0) / (3.0 - 2.0 * dice));
}

struct Scores {
  Cell dice, iou, precision, recall, f1, cb_dice, share;
};

AuditRow judge(const Scores& s, std::string label) {
  AuditRow row{std::move(label), {}, {}, {}};
  constexpr double kSlack = 1e-12;
  if (s.precision && s.recall) {
    const double most = harmonic_mean(s.precision->most(), s.recall->most());
    for (const auto& [name, score] : {std::pair{"Dice", &s.dice}, {"F1", &s.f1}}) {
      if (*score && (*score)->least() > most + kSlack) {
        row.impossible.push_back(fmt::format("{} {} > harmonic mean of precision {} and recall {}",
                                             name, (*score)->text, s.precision->text,
                                             s.recall->text));
      }
    }
  }
  if (s.dice && s.iou) {
    if (s.iou->most() < iou_of_dice(s.dice->least()) - kSlack) {
      row.impossible.push_back(
          fmt::format("IoU {} < D / (2 - D) of Dice {}", s.iou->text, s.dice->text));
    }
    if (s.iou->least() > s.dice->most() + kSlack) {
      row.impossible.push_back(fmt::format("IoU {} > Dice {}", s.iou->text, s.dice->text));
    }
    if (s.iou->least() > most_pooled_iou(s.dice->most()) + kSlack) {
      row.impossible_pooled.push_back(
          fmt::format("IoU {} > {:.4g}, the most that two pooled classes of mean Dice {} can have",
                      s.iou->text, most_pooled_iou(s.dice->most()), s.dice->text));
    }
  }
  // CB = r D0 + (1 - r) D1 with D0 + D1 = 2 D.
  if (s.dice && s.cb_dice && s.share && s.share->value < 0.5) {
    const double r = s.share->value;
    row.lesion_dice = (s.cb_dice->value - 2.0 * r * s.dice->value) / (1.0 - 2.0 * r);
  }
  return row;
}

}  // namespace

std::vector<AuditRow> audit(const CsvTable& published) {
  // The same table under our names, numbers bare.
  CsvTable table = published;
  std::set<std::string> scores;
  for (std::size_t k = 0; k < table.columns.size(); ++k) {
    const std::string name = score_named(table.columns[k]);
    if (name.empty() || !scores.insert(name).second) continue;
    table.columns[k] = name;
    for (auto& row : table.rows) row[k] = number_part(row[k]);
  }
  double largest = 0.0;
  for (const char* column : {"dice", "iou", "precision", "recall", "f1"}) {
    table.column(column);
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      if (!table.text(row, column).empty()) largest = std::max(largest, table.number(row, column));
    }
  }
  const double scale = largest > 1.0 ? 0.01 : 1.0;
  std::vector<AuditRow> rows;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto cell = [&](const std::string& column) {
      return scores.contains(column) ? cell_of(table, row, column, scale) : std::nullopt;
    };
    std::vector<std::string> label;
    for (std::size_t k = 0; k < table.columns.size(); ++k) {
      if (!scores.contains(table.columns[k])) label.push_back(table.rows[row][k]);
    }
    if (label.empty()) label.push_back(fmt::format("row {}", row + 1));
    rows.push_back(judge({cell("dice"), cell("iou"), cell("precision"), cell("recall"), cell("f1"),
                          cell("cb_dice"), cell("lesion_share")},
                         fmt::format("{}", fmt::join(label, ", "))));
  }
  return rows;
}

std::string audit_text(const std::vector<AuditRow>& rows) {
  std::string text;
  std::size_t impossible = 0, pooled = 0;
  for (const AuditRow& row : rows) {
    std::string verdict = "possible";
    if (!row.impossible.empty()) {
      verdict = fmt::format("impossible: {}", fmt::join(row.impossible, "; "));
      ++impossible;
    } else if (!row.impossible_pooled.empty()) {
      verdict =
          fmt::format("impossible for pooled counts: {}", fmt::join(row.impossible_pooled, "; "));
    }
    if (!row.impossible_pooled.empty()) ++pooled;
    if (row.lesion_dice)
      verdict += fmt::format(" (implies a lesion Dice of {:.3f})", *row.lesion_dice);
    text += fmt::format("{}: {}\n", row.label, verdict);
  }
  return text +
         fmt::format("{} of {} rows impossible; {} impossible for pooled counts of two classes\n",
                     impossible, rows.size(), pooled);
}

}  // namespace dmf
