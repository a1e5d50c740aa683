"""TFLite files: conversion, uint8 inputs and outputs, metadata, and how a runtime executes them."""
