#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/pixel_terms/pixel_terms.h"
#include "engine/kernels/softmax/softmax.h"

namespace dmf::cpu {

#include "engine/kernels/pixel_terms/composition.h"
#include "engine/kernels/pixel_terms/instantiate.h"

}  // namespace dmf::cpu
