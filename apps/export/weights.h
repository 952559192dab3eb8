#pragma once

#include <array>
#include <map>
#include <string>

#include "engine/io/safetensors.h"
#include "layers/networks/networks.h"
#include "layers/networks/unet_spec.h"

namespace dmf {

/// Whose names and layouts a file of weights has.
///
///   ours     NAME.weight [KH, KW, C_in, C_out], transposed [KH, KW, C_out, C_in]; gamma, beta,
///            running_mean, running_var
///   pytorch  NAME.weight [C_out, C_in, KH, KW], depthwise [C, 1, KH, KW], transposed [C_in, C_out,
///            KH, KW]; a norm's weight, bias, running_mean, running_var. load_state_dict takes it as
///            it is
///   keras    NAME.kernel in our layouts; gamma, beta, moving_mean, moving_variance; on reading
///            also NAME/kernel:0
///
/// NAME is the layer's everywhere: enc0.conv, enc0.bn, dec0.up, head.
enum class WeightsFormat { ours, pytorch, keras };

inline constexpr std::array<Named<WeightsFormat>, 3> kWeightsFormats = {
    {{"dmf", WeightsFormat::ours, "this program's model files"},
     {"pytorch", WeightsFormat::pytorch, "names and layouts of PyTorch"},
     {"keras", WeightsFormat::keras, "names and layouts of Keras"}}};

/// All parameters and buffers in the names and layouts of the format. Numbers are copied, so that
/// there and back again every bit is the same.
Safetensors export_weights(const Network<float>& network, WeightsFormat format);

/// A network with the weights of a file. What it is like (network, depth, widths, classes) is read off
/// the tensors; PyTorch's num_batches_tracked are left out.
///
/// rest    what no tensor tells: dropout and eps; of a U-Net its norm, activation and strides too
/// throws  IoError naming a tensor that is missing, left over, or of another shape
std::unique_ptr<Network<float>> import_weights(const Safetensors& file, WeightsFormat format,
                                               const UNetSpec& rest);

}  // namespace dmf
