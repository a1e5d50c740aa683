"""The inspection of a file finds every obstacle to running it on a phone."""

import dataclasses

import tensorflow as tf

from export.tflite import runtime

GOOD = runtime.Inspection({"CONV_2D": 1}, (), 4, False, 1, True, ())


def converted(function, *shapes, select=False):
    traced = tf.function(function, input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced.get_concrete_function()], tf.Module())
    if select:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    return converter.convert()


def test_mirroring_is_no_part_of_xnnpack():
    border = [[0, 0], [1, 1], [1, 1], [0, 0]]
    found = runtime.inspect(converted(lambda x: tf.pad(2 * x, border, "REFLECT") + 1, (1, 4, 4, 2)))
    assert found.operators["MIRROR_PAD"] == 1
    assert found.problems("int8") == ["XNNPACK leaves some of it out (2 partitions); expected the whole graph in one"]


def test_an_operation_at_the_edge_that_xnnpack_leaves_out_is_found():
    found = runtime.inspect(converted(lambda x: tf.reverse(x, [-1]) * 2, (1, 4, 4, 3)))
    assert (found.partitions, found.whole) == (1, False)


def test_rank_five_is_found():
    found = runtime.inspect(converted(lambda x: tf.reshape(x, (1, 2, 2, 2, 2)) * 2, (1, 4, 4)))
    assert found.rank == 5
    assert "a tensor of rank 5; at most 4" in found.problems("float32")


def test_an_unknown_batch_is_found():
    assert runtime.inspect(converted(lambda x: x * 2, (None, 4))).dynamic


def test_a_custom_operation_is_found():
    found = dataclasses.replace(GOOD, custom=("FlexRoll",))
    assert found.problems("int8") == ["custom operation FlexRoll"]


def test_what_a_gpu_refuses_counts_for_floating_files_only():
    found = runtime.inspect(converted(lambda x: tf.cast(x > 0, tf.float32), (1, 4)))
    assert "no GREATER" in found.gpu
    refused = dataclasses.replace(GOOD, gpu=("no GREATER",))
    assert refused.problems("float16") == ["GPU delegate: no GREATER"]
    assert refused.problems("int8") == []
