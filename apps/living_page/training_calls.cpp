#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "apps/data/phantom.h"
#include "apps/living_page/calls.h"
#include "dmf/training_step.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "engine/ops/softmax.h"
#include "engine/optim/optimizer.h"
#include "layers/networks/networks.h"
#include "layers/networks/unet_spec.h"
#include "losses/metrics/metrics.h"
#include "losses/registry.h"

namespace dmf {
namespace {

constexpr int kPhantomSize = 64;  // they are simulated so large at least, then halved

/// A training of the paper's U-Net on simulated images, all of them at once in memory.
class Training {
 public:
  Training(int images, int size, int width, int batch, std::uint64_t seed)
      : size_(size), batch_(batch), seed_(seed) {
    DMF_CHECK(size == kPhantomSize || 2 * size == kPhantomSize, ValueError,
              "[page] images of {}: expected {} or {}.", size, kPhantomSize / 2, kPhantomSize);
    DMF_CHECK(images >= batch && batch >= 1, ValueError,
              "[page] {} images in batches of {}: expected a batch at least.", images, batch);
    for (int k = 0; k < images; ++k) {
      const PhantomKind kind = k % 2 == 0 ? PhantomKind::benign : PhantomKind::malignant;
      samples_.push_back(
          make_phantom(kind, kPhantomSize, seed * 1000 + static_cast<std::uint64_t>(k)));
      if (size < kPhantomSize) samples_.back() = halved(samples_.back());
    }
    UNetSpec spec;
    spec.base_width = width;
    spec.depth = size == kPhantomSize ? 4 : 3;
    spec.seed = seed;
    network_ = make_network<float>(spec.network_spec());
    optimizer_ = make_adam<float>(network_->named_parameters(), {});
    order_.resize(samples_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  void choose(std::string_view losses, std::string_view auxiliary, FusionSpec fusion, double lr) {
    std::vector<std::unique_ptr<Loss<float>>> base;
    while (!losses.empty()) {
      const std::size_t end = std::min(losses.find(','), losses.size());
      base.push_back(make_loss<float>(losses.substr(0, end)));
      losses.remove_prefix(std::min(end + 1, losses.size()));
    }
    loss_ = std::make_unique<FusedLoss<float>>(
        std::move(base), auxiliary.empty() ? nullptr : make_loss<float>(auxiliary),
        std::move(fusion));
    lr_ = lr;
  }

  StepWeights step(double& total) {
    if (next_ + static_cast<std::size_t>(batch_) > order_.size()) next_ = 0;
    if (next_ == 0) shuffle();
    const std::span<const std::size_t> places(order_.data() + next_,
                                              static_cast<std::size_t>(batch_));
    next_ += static_cast<std::size_t>(batch_);
    TrainingStep<float> now{images(places), labels(places)};
    network_->train();
    now.forward(*network_, *loss_, loss_->needs_gradients());
    const StepWeights weights = now.weigh(*loss_);
    optimizer_->zero_grad();
    now.backward();
    optimizer_->step(lr_);
    total = static_cast<double>(now.total.value().item());
    return weights;
  }

  const Sample& sample(std::size_t place) const { return samples_.at(place); }
  std::size_t count() const { return samples_.size(); }

  /// The probability of a lesion, [size, size].
  std::vector<float> found(std::size_t place) {
    const NoGrad no_grad;
    network_->train(false);
    const std::size_t one[] = {place};
    const Variable<float> probs = softmax(network_->logits(images(one)));
    std::vector<float> lesion;
    for (Index i = 1; i < probs.value().numel(); i += 2) lesion.push_back(probs.value().data()[i]);
    return lesion;
  }

 private:
  static Sample halved(const Sample& from) {
    Sample to{Image(from.image.height / 2, from.image.width / 2, 1),
              LabelMap(from.image.height / 2, from.image.width / 2)};
    for (int h = 0; h < to.image.height; ++h) {
      for (int w = 0; w < to.image.width; ++w) {
        float sum = 0.0F;
        int lesion = 0;
        for (const int dh : {0, 1}) {
          for (const int dw : {0, 1}) {
            sum += from.image.at(2 * h + dh, 2 * w + dw);
            lesion += from.labels.at(2 * h + dh, 2 * w + dw);
          }
        }
        to.image.at(h, w) = sum / 4.0F;
        to.labels.at(h, w) = lesion >= 2 ? 1 : 0;
      }
    }
    return to;
  }

  void shuffle() {
    Rng rng(seed_, ++epoch_);
    for (std::size_t i = order_.size() - 1; i > 0; --i) {
      std::swap(order_[i], order_[static_cast<std::size_t>(rng.below(i + 1))]);
    }
  }

  Tensor<float> images(std::span<const std::size_t> places) const {
    Tensor<float> all(Shape{static_cast<Index>(places.size()), size_, size_, 1});
    float* to = all.data();
    for (const std::size_t place : places) {
      to = std::copy(samples_[place].image.pixels.begin(), samples_[place].image.pixels.end(), to);
    }
    return all;
  }

  Labels labels(std::span<const std::size_t> places) const {
    Tensor<std::int32_t> all(Shape{static_cast<Index>(places.size()), size_, size_});
    std::int32_t* to = all.data();
    for (const std::size_t place : places) {
      to =
          std::copy(samples_[place].labels.labels.begin(), samples_[place].labels.labels.end(), to);
    }
    return {all, 2};
  }

  int size_, batch_;
  std::uint64_t seed_, epoch_ = 0;
  double lr_ = 1e-3;
  std::vector<Sample> samples_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
  std::unique_ptr<Network<float>> network_;
  std::unique_ptr<Optimizer<float>> optimizer_;
  std::unique_ptr<FusedLoss<float>> loss_;
};

std::unique_ptr<Training>& running() {
  static std::unique_ptr<Training> training;
  return training;
}

Training& training() {
  DMF_CHECK(running() != nullptr, ValueError, "[page] no training has begun.");
  return *running();
}

}  // namespace
}  // namespace dmf

using namespace dmf;

int living_train_begin(int images, int size, int width, int batch, const char* losses,
                       const char* auxiliary, const char* rule, int history_size, double lr,
                       int seed) {
  return guarded([&] {
    auto made =
        std::make_unique<Training>(images, size, width, batch, static_cast<std::uint64_t>(seed));
    FusionSpec fusion;
    fusion.weighting = rule;
    fusion.history_size = static_cast<std::size_t>(history_size);
    fusion.auxiliary.every = 1;  // so that it fades while one looks
    fusion.auxiliary.lambda = 0.02;
    fusion.steps_per_epoch = images / batch;
    made->choose(losses, auxiliary, std::move(fusion), lr);
    running() = std::move(made);
  });
}

int living_train_step(double* row) {
  return guarded([&] {
    double total = 0.0;
    const StepWeights step = training().step(total);
    row = std::copy(step.values.begin(), step.values.end(), row);
    row = std::copy(step.factors.begin(), step.factors.end(), row);
    *row = total;
  });
}

int living_train_look(int place, double* image, double* truth, double* found) {
  return guarded([&] {
    const auto at = static_cast<std::size_t>(place);
    const Sample& sample = training().sample(at);
    const std::vector<float> lesion = training().found(at);
    std::copy(sample.image.pixels.begin(), sample.image.pixels.end(), image);
    std::copy(sample.labels.labels.begin(), sample.labels.labels.end(), truth);
    std::copy(lesion.begin(), lesion.end(), found);
  });
}

int living_train_score(double* dice) {
  return guarded([&] {
    double sum = 0.0;
    for (std::size_t place = 0; place < training().count(); ++place) {
      const std::vector<float> lesion = training().found(place);
      std::vector<std::int32_t> labels(lesion.size());
      std::transform(lesion.begin(), lesion.end(), labels.begin(),
                     [](float probability) { return probability > 0.5F ? 1 : 0; });
      ConfusionMatrix confusion(2);
      confusion.add(training().sample(place).labels.labels, labels);
      sum += score(confusion, 0.0)["dice"].per_class[1];
    }
    *dice = sum / static_cast<double>(training().count());
  });
}
