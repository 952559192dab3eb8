#pragma once

#include <string>
#include <vector>

#include "layers/networks/network_trace.h"

namespace dmf {

/// What a network does at one size, between what makes images smaller or larger.
struct NetworkStage {
  std::string name;  // of its first module up to a dot: "enc0"; empty without
  Index height = 0, width = 0, channels = 0;  // of what leaves it
  Index parameters = 0, convolutions = 0;
  std::vector<std::size_t> reads;  // stages before it that it reads, in order
};

/// The stages on the way to the logits at the image's size, in order; heads that are only trained are
/// not among them.
std::vector<NetworkStage> stages_of(const NetworkTrace& trace);

/// All ops, a line each of at most 80 letters, with what they make and how many parameters they have;
/// then the sums, and how much of an image a pixel of the logits depends on.
std::string network_table(const NetworkTrace& trace);

/// "188 x 188 pixels of the image", or that it is all of it.
std::string receptive_text(const NetworkTrace& trace);

}  // namespace dmf
