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
  std::optional<double> deviation;  // the most it can be, rounding included
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
constexpr const char* kDeviation = " deviation";  // behind a score's name

/// Our name of a column, with kDeviation behind it where it holds that score's deviation; an empty
/// text for a label.
///
/// before  our name of the score in the column before
std::string our_name(const std::string& column, const std::string& before) {
  std::string bare;
  for (const char c : column) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      bare += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  const auto score = kColumns.find(bare);
  if (score != kColumns.end()) return score->second;
  const bool own = bare.empty() && column.find("±") != std::string::npos;
  for (const std::string word :
       {"standarddeviation", "deviation", "stddev", "stdev", "std", "sd"}) {
    std::string rest = bare;
    if (bare.ends_with(word)) {
      rest = bare.substr(0, bare.size() - word.size());
    } else if (bare.starts_with(word)) {
      rest = bare.substr(word.size());
    }
    const auto of = kColumns.find(rest);
    if (of != kColumns.end()) return of->second + kDeviation;
    if ((own || bare == word) && !before.empty()) return before + kDeviation;
  }
  return "";
}

/// A cell's number, what stands behind "±", and whether that is all there is but for a percent sign
/// or something in brackets.
struct CellParts {
  std::string number, deviation;
};
CellParts parts_of(const std::string& cell) {
  const std::string digits = "+-.0123456789";
  const auto number_from = [&](std::size_t begin, std::size_t& end) {
    begin = std::min(cell.find_first_not_of(' ', begin), cell.size());
    end = std::min(cell.find_first_not_of(digits, begin), cell.size());
    return cell.substr(begin, end - begin);
  };
  std::size_t end = 0;
  const std::string number = number_from(0, end);
  const std::string rest = cell.substr(std::min(cell.find_first_not_of(' ', end), cell.size()));
  const std::string sign = "±";
  if (rest.starts_with(sign)) return {number, number_from(cell.find(sign) + sign.size(), end)};
  if (rest.empty() || rest[0] == '%' || rest[0] == '(') return {number, ""};
  return {cell, ""};
}

/// Half a unit of the last digit.
double half_unit(const std::string& text) {
  const std::size_t point = text.find('.');
  return 0.5 * std::pow(10.0, -(point == std::string::npos
                                    ? 0.0
                                    : static_cast<double>(text.size() - point - 1)));
}

Cell cell_of(const CsvTable& table, std::size_t row, const std::string& column, double scale) {
  if (!table.has(column) || table.text(row, column).empty()) return std::nullopt;
  const std::string& text = table.text(row, column);
  const double value = table.number(row, column) * scale;
  DMF_CHECK(value >= 0.0 && value <= 1.0, IoError,
            "[audit] {} row {}, column '{}': '{}' is no score between 0 and {}.", table.name,
            row + 1, column, text, 1.0 / scale);
  Printed printed{text, value, half_unit(text) * scale, {}};
  const std::string deviation = column + kDeviation;
  if (table.has(deviation) && !table.text(row, deviation).empty()) {
    printed.deviation =
        (table.number(row, deviation) + half_unit(table.text(row, deviation))) * scale;
  }
  return printed;
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
  double scale;  // 0.01 where the table is in percent, else 1
};

AuditRow judge(const Scores& s, std::string label) {
  AuditRow row{std::move(label), {}, {}, {}, {}};
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
    const double deviation = s.dice->deviation.value_or(0.0);
    const double most = most_pooled_iou(s.dice->most()) + 4.0 * deviation * deviation;
    if (s.iou->least() > most + kSlack) {
      row.impossible_pooled.push_back(
          fmt::format("IoU {} > {:.4g}, the most that two pooled classes of mean Dice {} can have",
                      s.iou->text, most / s.scale, s.dice->text));
    }
    const double d = s.dice->value, gap = s.iou->value - iou_of_dice(d);
    const double rounding = s.iou->half + iou_of_dice(s.dice->most()) - iou_of_dice(d);
    if (gap > rounding) row.spread = std::sqrt(gap * std::pow(2.0 - d, 3.0) / 2.0);
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
  // The same table under our names, numbers bare, deviations in columns of their own.
  CsvTable table = published;
  std::set<std::string> known;
  std::vector<std::size_t> labels;
  std::string before;
  for (std::size_t k = 0; k < published.columns.size(); ++k) {
    const std::string name = our_name(published.columns[k], before);
    before = name.ends_with(kDeviation) ? "" : name;
    if (name.empty() || !known.insert(name).second) {
      labels.push_back(k);
      continue;
    }
    table.columns[k] = name;
    if (before.empty()) continue;
    bool any = false;
    std::vector<std::string> deviations;
    for (auto& row : table.rows) {
      CellParts parts = parts_of(row[k]);
      row[k] = std::move(parts.number);
      any = any || !parts.deviation.empty();
      deviations.push_back(std::move(parts.deviation));
    }
    if (!any || !known.insert(name + kDeviation).second) continue;
    table.columns.push_back(name + kDeviation);
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      table.rows[row].push_back(deviations[row]);
    }
  }
  table.column("dice");
  table.column("iou");
  double largest = 0.0;
  for (const char* column : {"dice", "iou", "precision", "recall", "f1"}) {
    for (std::size_t row = 0; table.has(column) && row < table.rows.size(); ++row) {
      if (!table.text(row, column).empty()) largest = std::max(largest, table.number(row, column));
    }
  }
  const double scale = largest > 1.0 ? 0.01 : 1.0;
  std::vector<AuditRow> rows;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto cell = [&](const char* column) { return cell_of(table, row, column, scale); };
    std::vector<std::string> label;
    for (const std::size_t k : labels) label.push_back(table.rows[row][k]);
    if (label.empty()) label.push_back(fmt::format("row {}", row + 1));
    rows.push_back(judge({cell("dice"), cell("iou"), cell("precision"), cell("recall"), cell("f1"),
                          cell("cb_dice"), cell("lesion_share"), scale},
                         fmt::format("{}", fmt::join(label, ", "))));
  }
  return rows;
}

std::string audit_text(const std::vector<AuditRow>& rows) {
  constexpr double kImages = 0.13;  // published means over images lie above, over batches below
  std::string text;
  std::size_t impossible = 0, pooled = 0, pooled_alone = 0;
  for (const AuditRow& row : rows) {
    std::string verdict = "possible";
    if (!row.impossible.empty()) {
      verdict = fmt::format("impossible: {}", fmt::join(row.impossible, "; "));
      ++impossible;
    } else if (!row.impossible_pooled.empty()) {
      verdict =
          fmt::format("impossible for pooled counts: {}", fmt::join(row.impossible_pooled, "; "));
      ++pooled_alone;
    }
    if (!row.impossible_pooled.empty()) ++pooled;
    std::vector<std::string> implied;
    if (row.lesion_dice) {
      implied.push_back(fmt::format("implies a lesion Dice of {:.3f}", *row.lesion_dice));
    }
    if (row.spread) {
      implied.push_back(fmt::format("Dice spreads by {:.3f}, as over {}", *row.spread,
                                    *row.spread < kImages ? "batches or classes" : "images"));
    }
    if (!implied.empty()) verdict += fmt::format(" ({})", fmt::join(implied, "; "));
    text += fmt::format("{}: {}\n", row.label, verdict);
  }
  return text + fmt::format(
                    "{} of {} rows impossible; {} impossible for pooled counts of two classes, {} "
                    "of them otherwise possible\n",
                    impossible, rows.size(), pooled, pooled_alone);
}

}  // namespace dmf
