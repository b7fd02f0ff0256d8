/** A control request that was refused; nothing was changed. Answered as `{error: {field, message}}`. */
export class ControlError extends Error {
  readonly field: string;
  readonly status: number;

  constructor(field: string, message: string, status = 400) {
    super(message);
    this.field = field;
    this.status = status;
  }
}
