#include "apps/run/network_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "apps/support/text.h"

namespace dmf {
namespace {

/// Which ops the logits at the image's size depend on.
std::vector<bool> on_the_way(const NetworkTrace& trace) {
  std::vector<bool> needed(trace.ops.size());
  needed[trace.logits] = true;
  for (std::size_t k = trace.ops.size(); k-- > 0;) {
    if (!needed[k]) continue;
    for (const std::size_t input : trace.ops[k].inputs) {
      if (input != TracedOp::kImage) needed[input] = true;
    }
  }
  return needed;
}

bool is_convolution(Op op) {
  return op == Op::conv2d || op == Op::depthwise_conv2d || op == Op::conv_transpose2d;
}

template <class Of>
Index total(const NetworkTrace& trace, const Of& of) {
  return std::accumulate(trace.ops.begin(), trace.ops.end(), Index{0},
                         [&](Index sum, const TracedOp& op) { return sum + of(op); });
}

}  // namespace

std::vector<NetworkStage> stages_of(const NetworkTrace& trace) {
  const std::vector<bool> needed = on_the_way(trace);
  std::vector<NetworkStage> stages;
  std::vector<std::size_t> stage_of(trace.ops.size());
  for (std::size_t k = 0; k < trace.ops.size(); ++k) {
    if (!needed[k]) continue;
    const TracedOp& op = trace.ops[k];
    const bool begins =
        stages.empty() || stages.back().height != op.shape[1] || stages.back().width != op.shape[2];
    if (begins) stages.emplace_back();
    NetworkStage& stage = stages.back();
    stage_of[k] = stages.size() - 1;
    stage.height = op.shape[1];
    stage.width = op.shape[2];
    stage.channels = op.shape[3];
    stage.parameters += op.parameters;
    stage.convolutions += is_convolution(op.op) ? 1 : 0;
    if (stage.name.empty()) stage.name = op.module.substr(0, op.module.find('.'));
    for (const std::size_t input : op.inputs) {
      if (input != TracedOp::kImage && stage_of[input] != stage_of[k]) {
        stage.reads.push_back(stage_of[input]);
      }
    }
  }
  for (NetworkStage& stage : stages) {
    std::sort(stage.reads.begin(), stage.reads.end());
    stage.reads.erase(std::unique(stage.reads.begin(), stage.reads.end()), stage.reads.end());
  }
  return stages;
}

std::string receptive_text(const NetworkTrace& trace) {
  const std::optional<ReceptiveField> field = trace.receptive_field();
  return field ? fmt::format("{} x {} pixels of the image", field->height, field->width)
               : std::string("all of the image, which is normalised by itself");
}

std::string network_table(const NetworkTrace& trace) {
  std::string text =
      fmt::format("{:<26} {:<22} {:>18} {:>11}\n", "layer", "op", "makes", "parameters");
  for (const TracedOp& op : trace.ops) {
    const std::string kernel =
        is_convolution(op.op) ? fmt::format(" {}x{}", op.kernel, op.kernel) : "";
    text += fmt::format("{:<26} {:<22} {:>18}", op.module, std::string(op_name(op.op)) + kernel,
                        fmt::format("{} x {} x {}", op.shape[1], op.shape[2], op.shape[3]));
    text += op.parameters > 0 ? fmt::format(" {:>11}\n", grouped(op.parameters)) : "\n";
  }
  text += fmt::format("parameters      {}\n",
                      grouped(total(trace, [](const TracedOp& op) { return op.parameters; })));
  text += fmt::format("multiplications {} an image of {} x {}, in convolutions\n",
                      grouped(total(trace, [](const TracedOp& op) { return op.multiplications; })),
                      trace.image[1], trace.image[2]);
  return text + "a pixel of the result depends on " + receptive_text(trace) + "\n";
}

}  // namespace dmf
