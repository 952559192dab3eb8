#include "apps/report/network_figure.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "apps/page/html.h"
#include "apps/run/network_summary.h"
#include "apps/support/text.h"
#include "layers/networks/networks.h"

namespace dmf {
namespace {

struct Block {
  double x, y, width, height;  // of its left upper corner, in the drawing's units

  double middle() const { return y + height / 2; }
};

/// "9,408" or "1.2 M": what fits under a block.
std::string short_count(Index count) {
  return count < 100000 ? grouped(count)
                        : fmt::format("{:.1f} M", static_cast<double>(count) / 1e6);
}

constexpr double kColumn = 84.0, kTallest = 88.0, kStep = 52.0, kTop = 8.0;

std::vector<Block> layout(const std::vector<NetworkStage>& stages) {
  Index largest = 1, widest = 1;
  for (const NetworkStage& stage : stages) {
    largest = std::max(largest, stage.height);
    widest = std::max(widest, stage.channels);
  }
  std::vector<Block> blocks;
  for (const NetworkStage& stage : stages) {
    const double share = static_cast<double>(stage.height) / static_cast<double>(largest);
    const double channels = static_cast<double>(stage.channels) / static_cast<double>(widest);
    const double width = 8.0 + (kColumn - 34.0) * std::sqrt(channels);
    const double column = kColumn * (static_cast<double>(blocks.size()) + 0.5);
    blocks.push_back({column - width / 2, kTop - std::log2(share) * kStep, width,
                      std::max(10.0, kTallest * std::sqrt(share))});
  }
  return blocks;
}

std::string drawing(const std::vector<NetworkStage>& stages) {
  const std::vector<Block> blocks = layout(stages);
  std::string body;
  const double width = kColumn * static_cast<double>(stages.size());
  double bottom = 0.0;
  for (std::size_t k = 0; k < stages.size(); ++k) {
    for (const std::size_t from : stages[k].reads) {
      const Block &a = blocks[from], &b = blocks[k];
      const bool next = from + 1 == k;
      const double y = next ? b.middle() : a.y + 6.0;
      body += fmt::format(R"(<path class="{}" d="M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}"/>)",
                          next ? "flow" : "skip", a.x + a.width, next ? a.middle() : y,
                          b.x - (next ? 6.0 : 0.0), y, b.x, y);
    }
  }
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const NetworkStage& stage = stages[k];
    const Block& b = blocks[k];
    const double x = b.x + b.width / 2, y = b.y + b.height;
    body += fmt::format(
        R"(<rect class="block" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)"
        R"(<text class="name" x="{:.1f}" y="{:.1f}">{} x {}</text><text x="{:.1f}" y="{:.1f}">{} channels</text>)"
        R"(<text x="{:.1f}" y="{:.1f}">{}</text>)",
        b.x, b.y, b.width, b.height, x, y + 14.0, stage.height, stage.width, x, y + 28.0,
        stage.channels, x, y + 42.0, short_count(stage.parameters));
    bottom = std::max(bottom, y + 48.0);
  }
  return fmt::format(
      R"(<figure><div class="network scroll" tabindex="0" role="region" aria-label="the network"><svg style="min-width:{:.0f}px;max-width:{:.0f}px" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="The network, as in the table below">{}</svg></div>)"
      "<figcaption>Stages from the image to the result; smaller images lower. Under each: the size of what leaves it, its channels, "
      "its parameters. Dashed: skips.</figcaption></figure>",
      0.8 * width, width, width, bottom, body);
}

HtmlTable table_of(const std::vector<NetworkStage>& stages) {
  HtmlTable table;
  table.columns = {"stage", "height x width", "channels", "convolutions", "parameters", "reads"};
  const auto name_of = [&stages](std::size_t k) {
    return stages[k].name.empty() ? fmt::format("stage {}", k + 1) : stages[k].name;
  };
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const NetworkStage& stage = stages[k];
    std::vector<std::string> reads;
    for (const std::size_t from : stage.reads) reads.push_back(name_of(from));
    table.rows.push_back({name_of(k), fmt::format("{} x {}", stage.height, stage.width),
                          grouped(stage.channels), grouped(stage.convolutions),
                          grouped(stage.parameters),
                          reads.empty() ? "the image" : fmt::format("{}", fmt::join(reads, ", "))});
  }
  return table;
}

}  // namespace

void add_network(Page& page, const TrainOptions& options) {
  const auto network = make_network<float>(options.network_spec());
  const Index side = options.data.preprocess.size;
  const NetworkTrace trace = trace_network(*network, side, side);
  const std::vector<NetworkStage> stages = stages_of(trace);
  page.add(
      "The network",
      fmt::format("{}, {} parameters. A pixel of the result depends on {}.", options.model,
                  grouped(network->parameter_count()), receptive_text(trace)),
      drawing(stages) + html(table_of(stages)) +
          fmt::format(
              "<details><summary>Every layer</summary><pre class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"every layer\">{}</pre></details>",
              escaped(network_table(trace))));
}

}  // namespace dmf
