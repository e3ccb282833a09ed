"""What looks on while a model is trained, with Keras's names: stopping, saving, rates, records."""

from gradtape.nn.fitting.saving import BackupAndRestore, ModelCheckpoint
from gradtape.nn.fitting.steering import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau
from gradtape.nn.fitting.watching import Callback, CSVLogger, History, LambdaCallback

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
]
