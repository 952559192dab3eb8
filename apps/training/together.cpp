#include "apps/training/together.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/options/option_conflicts.h"
#include "apps/support/program.h"
#include "apps/support/signals.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

/// What of a score is told: whether a lesion was lost, then the confusion matrix, row by row.
std::vector<std::int64_t> numbers_of(const ImageScore& score) {
  const int classes = score.confusion.classes();
  std::vector<std::int64_t> numbers = {score.lesion_lost ? 1 : 0};
  for (int truth = 0; truth < classes; ++truth) {
    for (int found = 0; found < classes; ++found) {
      numbers.push_back(score.confusion(truth, found));
    }
  }
  return numbers;
}

ImageScore score_from(const std::string& id, int classes, const std::int64_t* numbers) {
  ImageScore score{id, ConfusionMatrix(classes), {}, {}, *numbers++ != 0};
  for (int truth = 0; truth < classes; ++truth) {
    for (int found = 0; found < classes; ++found) {
      score.confusion.add_count(truth, found, *numbers++);
    }
  }
  return score;
}

/// The first process whose text is not the first one's, by its place in `all`; 0 where there is none.
int first_other(const std::vector<std::string>& all) {
  const auto other = std::ranges::find_if(all, [&](const auto& text) { return text != all[0]; });
  return other == all.end() ? 0 : static_cast<int>(other - all.begin());
}

}  // namespace

void throw_first_problem(Processes& processes, const std::string& problem) {
  const std::vector<std::string> all = gather_texts(processes, problem);
  for (std::size_t p = 0; p < all.size(); ++p) {
    const std::string who = p == 0 ? "" : processes.name(static_cast<int>(p)) + ": ";
    DMF_CHECK(all[p].empty(), IoError, "{}{}", who, all[p]);
  }
}

void check_shards(const TrainOptions& options, int processes) {
  const int shards = options.shards;
  DMF_CHECK(
      shards % processes == 0, ValueError,
      "[train] {} processes cannot share {} shard{}: expected --shards to be a multiple of the "
      "processes.",
      processes, shards, shards == 1 ? "" : "s");
  if (shards == 1) return;
  DMF_CHECK(options.where.compute().device.is_cpu(), ValueError,
            "[train] --shards {} with --device {}: shards are computed by the CPU alone. Give "
            "--device cpu or --shards 1.",
            shards, options.where.device);
  const bool takes_gradients = options.record_gradients || needs_of_rule(options).gradients;
  DMF_CHECK(options.gradients_at == GradientsAt::logits || !takes_gradients, ValueError,
            "[train] --shards {} with --gradients-at {}: the losses' gradients of shards are taken "
            "at the logits alone. Give --gradients-at logits or --shards 1.",
            shards, name_of(kGradientsAt, options.gradients_at));
}

void check_batches(const TrainOptions& options, Index images) {
  const Index smallest = images / chunk_count(images, options.batch);  // see Loader
  DMF_CHECK(smallest >= options.shards, ValueError,
            "[train] --shards {}: {} images an epoch in batches of at most {} make batches of {}, "
            "which cannot be cut into so many. Give fewer shards or a larger --batch.",
            options.shards, images, options.batch, smallest);
}

void require_common(Processes& processes, const std::vector<Common>& things) {
  for (const Common& thing : things) {
    const std::vector<std::string> all = gather_texts(processes, hash_of(thing.value));
    const int other = first_other(all);
    DMF_CHECK(other == 0, ValueError,
              "[train] {} of {} ({}) is not that of {} ({}): expected the same in all processes.",
              thing.what, processes.name(other), all[static_cast<std::size_t>(other)],
              processes.name(0), all[0]);
  }
}

Common this_program() {
  constexpr std::uintmax_t kLargestProgram = std::uintmax_t{1} << 30;
  return {"the program", fmt::format("{} {}", hash_of(read_file("/proc/self/exe", kLargestProgram)),
                                     describe_kernels())};
}

int agreed_stop(Processes& processes) {
  const std::vector<int> all = gather_each(processes, StopRequest::signal());
  return *std::max_element(all.begin(), all.end());
}

void require_same_parameters(Processes& processes, const Network<float>& network,
                             std::int64_t step) {
  if (processes.count() == 1) return;
  std::string hashes;
  for (const auto& [name, tensor] : network.named_tensors()) {
    const auto bytes = std::as_bytes(tensor.span());
    hashes += hash_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  const int other = first_other(gather_texts(processes, hash_of(hashes)));
  DMF_CHECK(other == 0, DeviceError,
            "[processes] after step {} {} has other parameters than {}: their machines or "
            "libraries compute differently, or one has a fault. What was saved last is untouched.",
            step, processes.name(other), processes.name(0));
}

SharedEvaluation evaluate_together(
    Processes& processes, const Predictor& predictor, const SampleSet& samples,
    const std::vector<std::size_t>& items, EvaluationOptions options,
    const std::function<double(const Variable<float>& logits, const Batch& batch)>& loss) {
  const auto images = static_cast<Index>(items.size());
  const Index batches = chunk_count(images, options.batch);
  const std::vector<ChunkRange> own_batches = shares(processes, batches);
  std::vector<ChunkRange> own_images;
  for (const ChunkRange& own : own_batches) {
    own_images.push_back({own.begin * images / batches, own.end * images / batches});
  }
  const auto me = static_cast<std::size_t>(processes.rank());
  std::vector<double> losses(static_cast<std::size_t>(batches));
  auto next_loss = losses.begin() + own_batches[me].begin;
  options.observer = [&](const Variable<float>& logits, const Batch& batch) {
    *next_loss++ = loss(logits, batch) * static_cast<double>(batch.items.size());
  };
  options.part = processes.rank();
  options.parts = processes.count();
  const Evaluation own = evaluate(predictor, samples, items, options);
  gather(processes, std::span<double>(losses), own_batches);

  const int classes = predictor.classes();
  const Index each = 1 + Index{classes} * classes;
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(images * each));
  auto to = numbers.begin() + own_images[me].begin * each;
  for (const ImageScore& score : own.images) to = std::ranges::copy(numbers_of(score), to).out;
  for (ChunkRange& part : own_images) part = {part.begin * each, part.end * each};
  gather(processes, std::span<std::int64_t>(numbers), own_images);

  SharedEvaluation all{{ConfusionMatrix(classes), {}}};
  for (Index k = 0; k < images; ++k) {
    all.scores.images.push_back(score_from(samples.item(items[static_cast<std::size_t>(k)]).id,
                                           classes, numbers.data() + k * each));
    all.scores.pooled += all.scores.images.back().confusion;
  }
  for (const double of_batch : losses) all.loss_sum += of_batch;
  return all;
}

}  // namespace dmf
