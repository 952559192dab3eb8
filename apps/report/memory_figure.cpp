#include "apps/report/memory_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/page/html.h"
#include "apps/page/plot.h"
#include "apps/report/embedded.h"
#include "apps/report/replay.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "dmf/statistics.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::size_t kPoints = 240;  // of a curve
constexpr std::size_t kStops = 120;   // of the cursor
constexpr int kWide = 1100, kNarrow = 440, kLeft = 52;

/// What is remembered of each loss after step i, and what is made of it.
class Memory {
 public:
  Memory(const Recorded& run, const TrainOptions& options)
      : run_(run), rule_(options.fusion.weighting), most_(options.fusion.history_size_max) {}

  /// The first step, of those recorded, that is still in memory after step i.
  std::size_t first(std::size_t i) const { return i + 1 < most_ ? 0 : i + 1 - most_; }

  std::vector<double> window(std::size_t loss, std::size_t i) const {
    std::vector<double> values;
    for (std::size_t k = first(i); k <= i; ++k) values.push_back(run_.values[k][loss]);
    return values;
  }

  /// "cce 0.512, variance (3) 0.065, weight (4) 0.359"
  std::string words(std::size_t loss, std::size_t i) const {
    std::string text = fmt::format("{} {:.3g}", run_.losses[loss], run_.values[i][loss]);
    const std::vector<double> z = normalised(window(loss, i));
    if (rule_ == "variance") {
      return text + fmt::format(", variance (3) {:.3f}, weight (4) {:.3f}", variance(z),
                                run_.weights[i][loss]);
    }
    if (rule_ == "mad") {
      return text + fmt::format(", deviation (5) {:.3f}, weight (6) {:.3f}",
                                median_absolute_deviation(z), run_.weights[i][loss]);
    }
    return text + fmt::format(", weight {:.3f}", run_.weights[i][loss]);
  }

 private:
  const Recorded& run_;
  std::string rule_;
  std::size_t most_;
};

std::vector<Series> series_of(const Recorded& run, const std::vector<std::vector<double>>& values) {
  std::vector<Series> all;
  for (std::size_t k = 0; k < run.losses.size(); ++k) {
    Series one{run.losses[k], run.steps, {}};
    for (const std::vector<double>& at : values) one.y.push_back(at[k]);
    all.push_back(one.thinned(kPoints));
  }
  return all;
}

/// Steps that the rule waits before it acts; 0: it acts from the first on.
std::size_t waits_of(const Recorded& run, const TrainOptions& options) {
  try {
    FusionSpec spec = options.fusion;
    spec.losses = run.losses;
    spec.steps_per_epoch = run.steps_per_epoch;
    const std::size_t least = Fusion(spec, weighting_rules()).least_history();
    return least > 1 ? least - 1 : 0;
  } catch (const Error&) {
    return 0;  // a run of a version that had other rules
  }
}

/// What the weights did, in a sentence.
std::string story_of(const Recorded& run, const TrainOptions& options, std::size_t waits) {
  if (options.fusion.weighting == "fixed") return "The weights are fixed.";
  if (waits >= run.steps.size()) {
    return "The memory never filled, so the rule never acted and the weights are those of the "
           "beginning.";
  }
  constexpr double kAlone = 0.99;
  for (std::size_t k = 0; k < run.losses.size() && run.losses.size() > 1; ++k) {
    std::size_t from = run.weights.size();
    while (from > 0 && run.weights[from - 1][k] > kAlone) --from;
    if (from < run.weights.size()) {
      return fmt::format(
          "From step {:.0f} on {} has more than {} of the weight, and the other losses "
          "teach next to nothing.",
          run.steps[from], run.losses[k], kAlone);
    }
  }
  double least = 1.0, most = 0.0;
  for (std::size_t i = waits; i < run.weights.size(); ++i) {
    for (const double weight : run.weights[i]) {
      least = std::min(least, weight);
      most = std::max(most, weight);
    }
  }
  return fmt::format(
      "Once the rule acts the weights lie between {:.2f} and {:.2f}; {:.2f} is an equal "
      "share.",
      least, most, 1.0 / static_cast<double>(run.losses.size()));
}

/// The three drawings, one above the other over the same steps.
std::string drawings(const Recorded& run, const TrainOptions& options, std::size_t waits,
                     int width) {
  const auto losses = static_cast<double>(run.losses.size());
  Plot loss{.title = "Losses and what of them is remembered",
            .x = "step",
            .y = "loss",
            .series = series_of(run, run.values)};
  Plot weight{.title = "Weights, stacked to one",
              .x = "step",
              .y = "weight",
              .series = series_of(run, run.weights),
              .kind = PlotKind::stacked,
              .y_range = AxisRange{0.0, 1.0}};
  double sum = 0.0;
  for (const double each : run.weights.back()) sum += each;
  if (std::abs(sum - 1.0) > 1e-6) weight.y_range.reset();  // a rule's published scale
  for (double k = 1.0; k < losses; k += 1.0) {
    weight.marks.push_back(
        {k / losses, k == 1.0 ? fmt::format("1/{}", run.losses.size()) : "", false});
  }
  if (waits > 0 && waits < run.steps.size()) {
    loss.marks.push_back({run.steps[waits], "the rule acts", true});
    weight.marks.push_back({run.steps[waits], "", true});
  }
  std::vector<Plot> plots = {std::move(loss), std::move(weight)};
  if (options.auxiliary != "none") {
    Series gamma{"gamma", run.steps, run.gamma};
    plots.push_back({.title = "Factor of the auxiliary loss",
                     .x = "step",
                     .y = "gamma (2)",
                     .series = {gamma.thinned(kPoints)}});
  }
  std::string text;
  for (Plot& plot : plots) {
    plot.width = width;
    plot.height = width == kWide ? 190 : 200;
    plot.left = kLeft;
    text += plot_svg(plot);
  }
  return text;
}

std::string legend(const Recorded& run) {
  std::string text = "<div class=\"legend\">";
  for (std::size_t k = 0; k < run.losses.size(); ++k) {
    text += fmt::format(
        "<span><svg viewBox=\"0 0 14 12\" aria-hidden=\"true\"><path class=\"f{}\" d=\"M0 "
        "2h14v8h-14z\"/></svg>{}</span> ",
        k % kPlotColours, escaped(run.losses[k]));
  }
  return text + "</div>\n";
}

Json weights_at(const std::vector<std::vector<double>>& weights,
                const std::vector<std::size_t>& stops) {
  Json rows = Json::array();
  for (const std::size_t i : stops) {
    Json row = Json::array();
    for (const double weight : weights[i]) row.push_back(std::round(weight * 1e3) / 1e3);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

void add_memory(Page& page, const CsvTable& steps, const TrainOptions& options, bool what_if) {
  const Recorded run = recorded(steps);
  if (run.steps.empty()) return;
  const std::size_t waits = waits_of(run, options);
  const Memory memory(run, options);
  std::vector<std::size_t> stops;
  const std::size_t count = std::min(kStops, run.steps.size());
  for (std::size_t k = 1; k <= count; ++k) stops.push_back(k * run.steps.size() / count - 1);
  Json words = Json::array(), at = Json::array(), from = Json::array();
  for (const std::size_t i : stops) {
    std::string text = fmt::format("Step {:.0f}", run.steps[i]);
    for (std::size_t k = 0; k < run.losses.size(); ++k) {
      text += (k == 0 ? ": " : "; ") + memory.words(k, i);
    }
    if (options.auxiliary != "none") text += fmt::format("; gamma (2) {:.3g}", run.gamma[i]);
    words.push_back(text + ".");
    at.push_back(run.steps[i]);
    from.push_back(run.steps[memory.first(i)]);
  }
  Json rules = Json::object();
  std::string choices;
  if (what_if) {
    FusionSpec spec = options.fusion;
    for (const Replay& rule : replay_all(steps, spec).rules) {
      if (rule.weighting == options.fusion.weighting) continue;
      rules[rule.weighting] = weights_at(rule.weights, stops);
      choices += fmt::format("<option>{}</option>", escaped(rule.weighting));
    }
  }
  const AxisRange x = {run.steps.front(), run.steps.back()};
  std::string body = fmt::format(
      "<div class=\"memory\">\n<p class=\"note memory-words\" aria-live=\"polite\">{}</p>\n{}",
      escaped(words.back().get<std::string>()), legend(run));
  body += "<div class=\"wide-only\">\n" + drawings(run, options, waits, kWide) + "</div>\n";
  body += "<div class=\"narrow-only\">\n" + drawings(run, options, waits, kNarrow) + "</div>\n";
  body += fmt::format(
      "<div class=\"memory-controls screen-only\" hidden><label>step <input type=\"range\" min=\"0\" "
      "max=\"{0}\" value=\"{0}\"></label>{1}</div>\n",
      stops.size() - 1,
      choices.empty() ? ""
                      : " <label>what if another rule had looked on <select><option "
                        "value=\"\">no other</option>" +
                            choices + "</select></label>");
  body += data_element({{"from", x.low},
                        {"to", x.high},
                        {"steps", std::move(at)},
                        {"first", std::move(from)},
                        {"words", std::move(words)},
                        {"rules", std::move(rules)}}) +
          "</div>\n";
  page.add("What the memory did",
           story_of(run, options, waits) +
               (choices.empty() ? ""
                                : " Another rule is replayed on the losses of this run; with other "
                                  "weights they would have been others."),
           body);
  page.scripts.push_back(embedded::kMemoryScript);
}

}  // namespace dmf
