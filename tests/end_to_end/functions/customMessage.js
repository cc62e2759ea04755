exports.handler = async (event) => {
  if (event.triggerSource === "CustomMessage_ForgotPassword") {
    event.response.smsMessage = `Your reset code is ${event.request.codeParameter}`;
    event.response.emailSubject = "Reset your password";
    event.response.emailMessage = `Hi ${event.userName}, use ${event.request.codeParameter} to reset your password.`;
  }
  if (event.triggerSource === "CustomMessage_AdminCreateUser") {
    const { usernameParameter, codeParameter } = event.request;
    event.response.emailSubject = "Welcome";
    event.response.emailMessage = `Welcome ${usernameParameter}, your first password is ${codeParameter}`;
  }
  return event;
};
